import { rfc3339Nano } from '../clock.ts'
import type { Exchange } from '../exchange.ts'
import { decodeGo, type GoType } from '../go/decode.ts'
import { goJson, goQuote } from '../go/encode.ts'
import { toPlain, type JsonValue } from '../go/json-value.ts'
import type { Model } from '../model/catalogue.ts'
import { tokenText } from '../model/vocabulary.ts'
import { contextOf, loadOptions, type LoadOptions } from '../scheduler/load-options.ts'
import { readOptions } from './options.ts'
import { Refusal } from './refusal.ts'
import type { InferenceRequest } from './requests.ts'

/** The body as a Go struct. Throws a Refusal with Go's text. */
export const readBody = <T>(exchange: Exchange, type: GoType): T =>
  readForeignBody(exchange, type, 'missing request body')

/** The same for a foreign dialect, where no body at all has Go's own text. */
export const readForeignBody = <T>({ body }: Exchange, type: GoType, missing = 'EOF'): T => {
  try {
    return decodeGo(type, body.json()) as T
  } catch (error) {
    const { message } = error as Error
    throw new Refusal(400, message === 'EOF' ? missing : message)
  }
}

/** What of a request decides about runner and length. Throws OptionError. */
export const settings = (
  model: Model,
  { options, shift }: InferenceRequest,
): { load: LoadOptions; limit: number; stop: string[] } => {
  const asked = readOptions(options)
  const merged = { ...model.parameters, ...asked }
  const load = loadOptions(merged, shift)
  const predict = merged['num_predict'] as number | undefined
  return {
    load,
    limit: limitOf(predict, load),
    stop: (merged['stop'] as string[] | undefined) ?? [],
  }
}

/** Without a limit of the request's own, Ollama stops at ten contexts; a negative one here really has no end. */
const limitOf = (predict: number | undefined, load: LoadOptions): number => {
  if (predict === undefined) return 10 * contextOf(load)
  return predict > 0 ? predict : Infinity
}

/** Throws when `format` is neither "json" nor a schema. Ollama notices only once the model is loaded. */
export const checkFormat = (format: JsonValue | undefined): void => {
  if (format === undefined) return
  const value = toPlain(format)
  if (value === '' || value === 'json' || (typeof value === 'object' && !Array.isArray(value))) return
  throw new Refusal(
    500,
    `invalid format: ${goQuote(goJson(value))}; expected "json" or a valid JSON Schema object`,
  )
}

/** Throws when the request asks for more log probabilities than there are. */
export const checkLogprobs = ({ top_logprobs: top = 0 }: InferenceRequest): void => {
  if (top < 0 || top > 20) throw new Refusal(400, 'top_logprobs must be between 0 and 20')
}

/** Throws when the model cannot think and was asked to. Returns whether it will. */
export const checkThinking = (model: Model, request: InferenceRequest): boolean => {
  const able = model.capabilities.includes('thinking')
  const { think = able } = request
  if (think !== false && !able)
    throw new Refusal(400, `${goQuote(request.model ?? '')} does not support thinking`)
  return think !== false
}

// The chain decides every token with a margin that leaves the others next to nothing.
const CHOSEN = -2.6645352591003757e-15
const OTHERS = -39.11680221557617

const logprob = (token: number, value: number) => {
  const text = tokenText(token)
  return { token: text, logprob: value, bytes: [...Buffer.from(text)] }
}

/** The log probabilities of tokens that were said, each with the `top` likeliest in its place. */
export const logprobsOf = (
  tokens: readonly number[],
  { logprobs, top_logprobs: top = 0 }: InferenceRequest,
) => {
  if (!logprobs || tokens.length === 0) return undefined
  return tokens.map(token => {
    const others = Array.from({ length: Math.max(0, top - 1) }, (_, other) => logprob(other, OTHERS))
    const alternatives = top > 0 ? { top_logprobs: [logprob(token, CHOSEN), ...others] } : {}
    return { ...logprob(token, CHOSEN), ...alternatives }
  })
}

/** The first fields of every native answer. */
export const opening = (exchange: Exchange, request: InferenceRequest) => ({
  model: request.model,
  created_at: rfc3339Nano(exchange.clock.now()),
})
