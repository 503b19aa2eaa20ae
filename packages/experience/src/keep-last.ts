/** Sets what is kept of the one that was used last, and forgets the one that was not used for longest. */
export const keepLast = <T>(map: Map<string, T>, key: string, value: T, most: number): void => {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
