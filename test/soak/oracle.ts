import { dialectOf } from '@foreman/ollama-client'
import type { WireAnswer } from './http-answers.ts'

/** foreman answers with these before it knows the route: the request is no HTTP for it. */
const UNREADABLE = new Set([400, 405, 408, 413, 417, 431, 501])

/** Words with which foreman admits an error of its own, or the loss of a worker. */
const OWN_ERROR = /internal error|an error within foreman|the worker was lost|the worker was stopped/

const SHOWN_CHARACTERS = 200

const isOwn = (path: string): boolean => path === '/jobs' || path.startsWith('/jobs/')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Whether an error has the form that the dialect of its path has. */
const isErrorOf = (path: string, value: unknown): boolean => {
  if (!isObject(value)) return false
  const { error } = value
  if (isOwn(path)) return typeof value['code'] === 'string' && typeof value['detail'] === 'string'
  switch (dialectOf(path).name) {
    case 'native':
      return typeof error === 'string'
    case 'openai':
      return isObject(error) && typeof error['message'] === 'string' && typeof error['type'] === 'string'
    case 'anthropic':
      return value['type'] === 'error' && isObject(error) && typeof error['message'] === 'string'
  }
}

/**
 * What is wrong with an answer of foreman's to a request whose target answers as Ollama does.
 *
 * @param path of the request; undefined when the bytes that were sent need not be a request at all
 * @returns undefined when nothing is wrong
 */
export const faultIn = (answer: WireAnswer, path: string | undefined): string | undefined => {
  const { status, headers, body, isComplete } = answer
  const text = body.toString()
  const shown = `${status} ${headers.get('content-type') ?? ''} ${text.slice(0, SHOWN_CHARACTERS)}`
  if (OWN_ERROR.test(text)) return `an error of foreman's own: ${shown}`
  if (status >= 400) {
    const isBeforeRoutes = UNREADABLE.has(status) && headers.get('connection') === 'close'
    if (isBeforeRoutes && !/json/.test(headers.get('content-type') ?? '')) return undefined
    const isRight = path === undefined || isErrorOf(path, parsed(text))
    return isRight && isComplete ? undefined : `no error of the dialect: ${shown}`
  }
  if (status >= 300) return `a status that no route has: ${shown}`
  return isComplete ? formFault(answer, shown) : cutFault(text, shown)
}

const formFault = ({ headers, body }: WireAnswer, shown: string): string | undefined => {
  const type = headers.get('content-type') ?? ''
  const text = body.toString()
  if (type.startsWith('application/json')) return parsed(text) === undefined ? `no JSON: ${shown}` : undefined
  if (/ndjson/.test(type))
    return text.split('\n').every(line => line.trim() === '' || isObject(parsed(line)))
      ? undefined
      : `no lines of JSON: ${shown}`
  if (/event-stream/.test(type)) return text.endsWith('\n\n') ? undefined : `no whole event: ${shown}`
  return `a content type that no route has: ${shown}`
}

/** An answer is cut only behind an error that says why. */
const cutFault = (text: string, shown: string): string | undefined =>
  /"error"/.test(text) ? undefined : `an answer that was cut without a reason: ${shown}`
