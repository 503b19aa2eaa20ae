import type { Habit, Use } from '@foreman/scheduling'
import type { KeptFigures } from './figures.ts'
import type { KeptFits } from './fits.ts'

/** What a worker hands on to the next one. Each list has what was used last at its end. */
export interface KeptExperience {
  readonly figures: readonly KeptFigures[]
  readonly fits: KeptFits
  readonly accounts: readonly (readonly [account: string, use: Use])[]
  readonly names: readonly (readonly [account: string, name: string, use: Use])[]
  readonly habits: readonly (readonly [key: string, habit: Habit])[]
  readonly served: readonly (readonly [groupKey: string, at: number])[]
  readonly sizes: readonly (readonly [weights: string, bytes: number])[]
}

export const toText = (kept: KeptExperience): string => JSON.stringify(kept)

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isUse = (value: unknown): value is Use =>
  typeof value === 'object' &&
  value !== null &&
  'usedMs' in value &&
  isNumber(value.usedMs) &&
  'at' in value &&
  isNumber(value.at)
const isHabit = (value: unknown): value is Habit => Array.isArray(value) && value.every(isNumber)

const isFigures = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(isNumber)

type Check = (value: unknown) => boolean

/** The entries whose parts are what they should be. */
const entries = <T>(value: unknown, ...parts: Check[]): T[] =>
  Array.isArray(value)
    ? value.filter(
        (entry: unknown): entry is T =>
          Array.isArray(entry) &&
          entry.length === parts.length &&
          parts.every((check, at) => check(entry[at])),
      )
    : []

const fitsIn = (value: unknown): KeptFits => {
  if (typeof value !== 'object' || value === null) return { version: null, pairs: [] }
  const { version, pairs } = value as Record<string, unknown>
  return { version: isText(version) ? version : null, pairs: entries(pairs, isText, isText) }
}

/** Reads what another worker has kept, perhaps an older or a newer one: what cannot be read is left out. */
export const fromText = (text: string): KeptExperience => {
  const kept = parsed(text)
  return {
    figures: entries(kept['figures'], isText, isFigures),
    fits: fitsIn(kept['fits']),
    accounts: entries(kept['accounts'], isText, isUse),
    names: entries(kept['names'], isText, isText, isUse),
    habits: entries(kept['habits'], isText, isHabit),
    served: entries(kept['served'], isText, isNumber),
    sizes: entries(kept['sizes'], isText, isNumber),
  }
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
