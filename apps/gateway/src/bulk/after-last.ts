/** Behind the last row that a list has now: what comes in later is not meant. */
export const afterLast = async (rows: {
  list(filter: { readonly limit: number }): AsyncIterable<readonly { readonly seq: number }[]>
}): Promise<number> => {
  for await (const [row] of rows.list({ limit: 1 })) if (row) return row.seq + 1
  return 0
}
