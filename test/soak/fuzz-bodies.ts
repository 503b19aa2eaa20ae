import { play } from './connection.ts'
import type { Dice } from './dice.ts'
import { type Framed, rightFramings, SMALL_BYTES, smallFramings, wrongFramings } from './framings.ts'
import { answersIn, NotHttpError, type WireAnswer } from './http-answers.ts'
import { type Limits, mutated } from './mutators.ts'
import { faultIn } from './oracle.ts'
import { packed, packings } from './packings.ts'
import { type Request, rightRequest } from './requests.ts'

/** A request as it is written, and what it is made of. */
export interface Shot {
  readonly what: string
  readonly path: string
  readonly framed: Framed
}

export interface ShotOptions extends Limits {
  /** Header lines that say who sends. */
  readonly caller: Request['headers']
}

/** Few, so that they repeat. */
const KEYS = 12

const withExtras = (request: Request, caller: Request['headers'], dice: Dice): Request => {
  const headers = [...request.headers, ...caller]
  if (dice.chance(0.25)) headers.push(['Idempotency-Key', `key-${dice.below(KEYS)}`])
  if (dice.chance(0.1)) headers.push(['Prefer', 'respond-async'])
  if (dice.chance(0.05)) headers.push(['X-Foreman-On-Disconnect', dice.pick(['finish', 'cancel'])])
  return { ...request, headers }
}

/** Most requests arrive whole, since only these get as far as the queue. */
const framingFor = ({ body }: Request, dice: Dice) => {
  const isSmall = body.length <= SMALL_BYTES
  if (dice.chance(0.2)) return dice.pick(Object.entries(wrongFramings))
  return dice.pick(Object.entries(isSmall ? { ...rightFramings, ...smallFramings } : rightFramings))
}

/** One request of the fuzz. The same dice make the same request. */
export const nextShot = (dice: Dice, { caller, ...limits }: ShotOptions): Shot => {
  const right = withExtras(rightRequest(dice), caller, dice)
  const request = { ...right, body: mutated(right.body, dice, limits) }
  const [packing, pack] = dice.chance(0.25) ? dice.pick(Object.entries(packings)) : ['not packed', undefined]
  const sent = pack ? packed(request, pack, dice) : request
  const [framing, frame] = framingFor(sent, dice)
  const what = `${sent.path}, ${sent.body.length} bytes, ${packing}, ${framing}`
  return { what, path: sent.path, framed: frame(sent, dice) }
}

export interface Outcome {
  readonly statuses: readonly number[]
  readonly fault?: string
}

/** Sends a request, and judges everything that comes back. */
export const fire = async (url: string, { path, framed }: Shot, patienceMs: number): Promise<Outcome> => {
  const { steps, expected } = framed
  const { bytes, isClosed } = await play(url, steps, patienceMs)
  if (expected === 'left') return { statuses: [] }
  if (!isClosed) return { statuses: [], fault: `the connection is still open after ${patienceMs} ms` }
  let answers: readonly WireAnswer[]
  try {
    answers = answersIn(bytes)
  } catch (error) {
    if (error instanceof NotHttpError) return { statuses: [], fault: error.message }
    throw error
  }
  const statuses = answers.map(({ status }) => status)
  const found = answers
    .map(answer => faultIn(answer, expected === 'unreadable' ? undefined : path))
    .find(fault => fault !== undefined)
  if (found !== undefined) return { statuses, fault: found }
  if (typeof expected === 'number' && answers.length !== expected)
    return { statuses, fault: `${answers.length} answers instead of ${expected}` }
  return { statuses }
}
