/** The fields of a filter that are texts, and those that are times. foreman says what is allowed in them. */
export const TEXTS = ['state', 'model', 'caller', 'priority', 'code', 'batch'] as const
export const TIMES = ['since', 'until'] as const
export const FIELDS = [...TEXTS, ...TIMES] as const
