import type { IncomingMessage } from 'node:http'
import { Refusal } from '../http/refusal.ts'
import { DEFAULT_CALLER } from './callers.ts'
import { listEntries } from './list-entries.ts'

/** Where in a stream a caller is shown how long it waits. */
const PLACES = ['status', 'thinking', 'off'] as const

export type ShowWait = (typeof PLACES)[number]

/** Where the requests of a caller are shown their wait. Without a name, it holds for all callers. */
export interface ShowWaitOfCaller {
  readonly caller?: string
  readonly place: ShowWait
}

const placeOf = (text: string | undefined): ShowWait | undefined => PLACES.find(place => place === text)

/**
 * Reads `caller=place,caller=place`, or one place for all callers.
 *
 * @returns undefined when an entry cannot be read, when a name occurs twice, or when a text that is not empty has no entry
 */
export const parseShowWait = (text: string): readonly ShowWaitOfCaller[] | undefined => {
  if (text === '') return []
  const forAll = placeOf(text)
  if (forAll) return [{ place: forAll }]
  const entries = listEntries(text)
  const read = entries.flatMap(entry => {
    const [, caller, word] = /^([A-Za-z0-9._-]{1,64})=(.+)$/.exec(entry) ?? []
    const place = placeOf(word)
    return caller !== undefined && place ? [{ caller, place }] : []
  })
  const names = new Set(read.map(({ caller }) => caller))
  return entries.length > 0 && names.size === entries.length ? read : undefined
}

/**
 * Why the setting cannot be used beside the others, as the end of a sentence; undefined if it can.
 *
 * @param callers the names of all callers that have a token
 */
export const showWaitFault = (
  setting: readonly ShowWaitOfCaller[],
  callers: readonly string[],
): string | undefined => {
  // Without tokens, everybody is the default caller.
  const known = callers.length > 0 ? callers : [DEFAULT_CALLER]
  const stranger = setting.find(({ caller }) => caller !== undefined && !known.includes(caller))
  return stranger && `names ${stranger.caller}, which is no caller: the callers are ${known.join(', ')}`
}

/**
 * Where the caller of a request is shown its wait: where `X-Foreman-Show-Wait` says, or else the setting.
 *
 * @throws Refusal with 400 when the header has another value
 */
export const showWaitOf = (
  { headers }: Pick<IncomingMessage, 'headers'>,
  caller: string,
  setting: readonly ShowWaitOfCaller[],
): ShowWait => {
  const { 'x-foreman-show-wait': wish } = headers
  if (wish === undefined)
    return setting.find(each => each.caller === undefined || each.caller === caller)?.place ?? 'off'
  const place = typeof wish === 'string' ? placeOf(wish) : undefined
  if (!place) throw new Refusal(400, 'X-Foreman-Show-Wait must be status, thinking or off')
  return place
}
