/** The page is in British English wherever it is read. */
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en-GB', {
  notation: 'compact',
  maximumSignificantDigits: 3,
})

/** 40112 is `40,112`. */
export const count = (value: number): string => whole.format(value)

/** 40112 is `40.1k`. Small numbers are whole. */
export const roughly = (value: number): string => (value < 10_000 ? count(value) : short.format(value))

/** 0.414 is `41 %`. What is more than nothing is never `0 %`. */
export const percent = (share: number): string =>
  share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`

/** `1 job`, `2 jobs`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`
