import type { HeaderPairs } from './schema.ts'

/** A request as a job keeps it, with what decides about its group. The columns of `jobs` explain the fields. */
export interface StoredRequest {
  /** The path and query of the request. */
  readonly path: string
  readonly endpoint: string
  readonly model: string
  readonly modelName: string
  readonly loadOptions: string
  readonly groupKey: string
  readonly streaming: boolean
  readonly headers: HeaderPairs
  readonly body: Buffer
}
