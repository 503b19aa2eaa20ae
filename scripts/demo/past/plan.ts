import type { Priority, WebhookEvent } from '@foreman/jobs'
import type { Random } from '../../../bench/schedule/random.ts'
import { MODELS } from '../models.ts'
import { CHAT, CODE, type Exchange, PAGES, PLANS, REPORTS, SEARCHES, TICKETS } from '../texts.ts'

type Model = (typeof MODELS)[keyof typeof MODELS]

/** A request that was made. */
export interface Visit {
  /** Milliseconds from the beginning. */
  readonly atMs: number
  readonly caller: string
  readonly model: Model
  readonly exchange: Exchange
  readonly priority?: Priority
  /** Those of one batch come at the same time. */
  readonly batch?: string
  readonly webhook?: { readonly url: string; readonly events: readonly WebhookEvent[] }
  /** Otherwise the model answers. */
  readonly fate?: 'fails' | 'is cancelled'
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** Where tickets go. Nothing is ever sent there. */
export const RECEIVERS = {
  alive: 'https://crm.example/hooks',
  dead: 'https://old-crm.example/hooks',
} as const

/** @returns an hour of five callers' requests, in the order of their times */
export const hourOf = (random: Random): Visit[] => {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const between = (min: number, max: number) => min + random() * (max - min)
  /** Something that happens again and again, `meanMs` apart. */
  const times = (meanMs: number): number[] => {
    const found: number[] = []
    for (let at = between(0, meanMs); at < 60 * MINUTE_MS; at += between(0.4, 1.6) * meanMs)
      found.push(Math.round(at))
    return found
  }
  const step = (atMs: number, caller: string, model: Model, exchange: Exchange): Visit => ({
    atMs: Math.round(atMs),
    caller,
    model,
    exchange,
    ...(random() < 0.008 && { fate: 'fails' as const }),
  })
  const chat = times(22 * SECOND_MS).map(at => step(at, 'chat', MODELS.large, pick(CHAT)))
  const coding = times(45 * SECOND_MS).flatMap(at => [
    step(at, 'code-agent', MODELS.small, pick(PLANS)),
    ...[20, 21, 22].map(s => step(at + s * SECOND_MS, 'code-agent', MODELS.coder, pick(CODE))),
  ])
  const research = times(60 * SECOND_MS).flatMap(at => [
    ...[0, 0, 0, 1].map(s => step(at + s * SECOND_MS, 'research-agent', MODELS.small, pick(SEARCHES))),
    ...[25, 25].map(s => step(at + s * SECOND_MS, 'research-agent', MODELS.coder, pick(REPORTS))),
  ])
  const batch = (
    name: string,
    size: number,
    visit: Omit<Visit, 'exchange' | 'batch'>,
    from: readonly Exchange[],
  ) =>
    Array.from({ length: size }, (_, at): Visit => ({
      ...visit,
      batch: name,
      exchange: from[at % from.length]!,
    }))
  const tickets = [8, 23, 41, 59.5].flatMap((minute, at) => {
    const url = at === 1 ? RECEIVERS.dead : RECEIVERS.alive
    const visit = { atMs: minute * MINUTE_MS, caller: 'tickets', model: MODELS.small }
    const all = batch(`tickets ${at}`, 60, visit, TICKETS)
    return all.map((each, place): Visit =>
      // The last ones have not ended: there is nobody to tell.
      place % 10 === 0 && at < 3
        ? { ...each, webhook: { url, events: ['job.succeeded', 'job.failed'] } }
        : each,
    )
  })
  const pages = { atMs: 12 * MINUTE_MS, caller: 'archive', model: MODELS.large, priority: 'low' } as const
  const archive = batch('pages', 25, pages, PAGES).map((visit, place): Visit =>
    place >= 23 ? { ...visit, fate: 'is cancelled' } : visit,
  )
  return [...chat, ...coding, ...research, ...tickets, ...archive].toSorted((a, b) => a.atMs - b.atMs)
}
