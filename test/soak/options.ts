/** Set by `npm run soak`. Otherwise each soak runs in a short form. */
export const isSoak = process.env['FOREMAN_SOAK'] === '1'

const FIXED_SEED = 20_250_901

/** @returns the number in an environment variable, which `npm run soak` sets from its flags */
const numberIn = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined || text === '' ? undefined : Number(text)
}

/** In the short form always the same, so that a failure of the usual tests is no matter of luck. */
export const seed =
  numberIn('FOREMAN_SOAK_SEED') ?? (isSoak ? Math.floor(Math.random() * 2 ** 31) : FIXED_SEED)

export const roundsOr = (rounds: number): number => numberIn('FOREMAN_SOAK_ROUNDS') ?? rounds

/** The line with which a run can be repeated. */
export const sayHowToRepeat = (soak: string): void =>
  console.log(`${soak}: npm run soak -- ${soak} --seed ${seed}${isSoak ? '' : ' (here in its short form)'}`)
