export { Batches, type BatchListOptions, type BatchResultLine, type BatchResultsOptions } from './batches.ts'
export * from './client.ts'
export * from './errors.ts'
export type * from './types.ts'
