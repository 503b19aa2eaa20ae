import type { HeaderPairs } from '../values.ts'

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

export const isHeaderPairs = (value: unknown): value is HeaderPairs =>
  Array.isArray(value) && value.every(isHeaderPair)

const isHeaderPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(part => typeof part === 'string')
