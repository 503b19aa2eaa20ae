import type { JobChange } from '@foreman/jobs'
import type { LoggedChange, ResponseHead } from '../../values.ts'
import { isHeaderPairs, isObject } from '../json-shapes.ts'

/** A row of `job_log` that holds JSON. */
interface JsonRow {
  readonly id: number
  readonly bytes: Buffer
}

/**
 * Reads a row of kind `head`.
 *
 * @throws Error naming the row when its bytes are not a response head
 */
export const readHead = (row: JsonRow): ResponseHead => {
  const value = parse(row)
  if (!isHead(value)) throw new Error(`row ${row.id} of job_log is not a response head`)
  return value
}

/**
 * Reads a row of kind `event`.
 *
 * @throws Error naming the row when its bytes are not a change that this code knows
 */
export const readChange = (row: JsonRow): LoggedChange => {
  const value = parse(row)
  if (!isChange(value)) throw new Error(`row ${row.id} of job_log is not a change of a job`)
  return value
}

const parse = ({ id, bytes }: JsonRow): unknown => {
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw new Error(`row ${id} of job_log is not JSON`, { cause })
  }
}

const isHead = (value: unknown): value is ResponseHead =>
  isObject(value) && typeof value['status'] === 'number' && isHeaderPairs(value['headers'])

type FieldType = 'number' | 'string' | 'number?' | 'string?'

/** The fields that a change of each type has besides its type and time. The compiler asks for every type. */
const FIELDS_OF_CHANGE = {
  queued: { arrivedAt: 'number?' },
  started: { attempt: 'number', reason: 'string' },
  reset: { attempt: 'number' },
  progress: { attempt: 'number', tokens: 'number' },
  released: { attempt: 'number', code: 'string', availableAt: 'number?' },
  lost: { attempt: 'number' },
  cancel_requested: {},
  succeeded: { attempt: 'number', code: 'string?' },
  failed: { attempt: 'number', code: 'string?' },
  cancelled: { attempt: 'number', code: 'string?' },
} as const satisfies {
  readonly [Type in JobChange['type']]: {
    readonly [Field in Exclude<keyof Extract<JobChange, { type: Type }>, 'type'>]-?: FieldType
  }
}

const fieldsOf = new Map<unknown, Readonly<Record<string, FieldType>>>(Object.entries(FIELDS_OF_CHANGE))

const isChange = (value: unknown): value is LoggedChange => {
  if (!isObject(value) || typeof value['at'] !== 'number') return false
  const fields = fieldsOf.get(value['type'])
  return fields !== undefined && Object.entries(fields).every(([name, type]) => hasType(value[name], type))
}

const hasType = (value: unknown, type: FieldType): boolean =>
  type.endsWith('?') ? value === undefined || `${typeof value}?` === type : typeof value === type
