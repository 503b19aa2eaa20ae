/** What the worker has last seen of a gateway. */
interface Silence {
  readonly heartbeats: number
  /** For how long the number of heartbeats has not changed. */
  readonly silentMs: number
}

/** What the worker has seen of the gateways, by their ids. */
export type Silences = ReadonlyMap<string, Silence>

export interface TimeBetweenLooks {
  readonly passedMs: number
  /**
   * The most that counts of that time. When the worker was frozen, or the whole machine, the gateways may have been too:
   * between this look and the next, those that live write their heartbeats.
   */
  readonly mostMs: number
}

/**
 * Looks at the gateways once more.
 *
 * @param heartbeats how many heartbeats each gateway has written
 */
export const lookAgain = (
  before: Silences,
  heartbeats: ReadonlyMap<string, number>,
  { passedMs, mostMs }: TimeBetweenLooks,
): Silences => {
  const silenceOf = (id: string, count: number): Silence => {
    const last = before.get(id)
    const isSilent = last?.heartbeats === count
    return { heartbeats: count, silentMs: isSilent ? last.silentMs + Math.min(passedMs, mostMs) : 0 }
  }
  return new Map([...heartbeats].map(([id, count]) => [id, silenceOf(id, count)]))
}

/** The gateways that have been silent for so long that they must have died. */
export const goneAmong = (silences: Silences, goneAfterMs: number): string[] =>
  [...silences].filter(([, { silentMs }]) => silentMs >= goneAfterMs).map(([id]) => id)
