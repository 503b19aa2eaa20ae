import type { HeaderPairs, ResidentModel, SchedulingRules } from '../values.ts'

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

export const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(part => typeof part === 'string')

export const isSchedulingRules = (value: unknown): value is SchedulingRules =>
  isObject(value) &&
  ['maxWaitMs', 'maxWaitLowMs', 'halfLifeMs', 'concurrency'].every(name => typeof value[name] === 'number') &&
  (value['windows'] === undefined ||
    (Array.isArray(value['windows']) &&
      value['windows'].every(isWindowRule) &&
      typeof value['timeZone'] === 'string'))

export const areResidentModels = (value: unknown): value is readonly ResidentModel[] =>
  Array.isArray(value) && value.every(isResidentModel)

const isResidentModel = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['name'] === 'string' &&
  isTexts(value['groups']) &&
  ['bytes', 'expiresAt'].every(name => value[name] === null || typeof value[name] === 'number')

const isWindowRule = (value: unknown): boolean =>
  isObject(value) &&
  ['kind', 'subject'].every(name => typeof value[name] === 'string') &&
  ['from', 'to'].every(name => typeof value[name] === 'number') &&
  Array.isArray(value['days'])

export const isHeaderPairs = (value: unknown): value is HeaderPairs =>
  Array.isArray(value) && value.every(isHeaderPair)

const isHeaderPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(part => typeof part === 'string')
