import type { Steps } from '../steps.ts'
import type { GeneratingEndpoint } from './endpoints.ts'
import { firstByteIn, hasText, scalarIn } from './field-values.ts'
import { OPEN_BRACE } from './json-characters.ts'
import { jsonElements, jsonFields, jsonFieldsInSteps } from './json-fields.ts'

/** What a model can do, as `/api/show` names it. */
export type Capability = 'completion' | 'tools' | 'thinking' | 'insert'

/**
 * What a model can do, as `/api/show` says it in `capabilities`.
 *
 * @returns nothing when the value is no list of texts, as in the answer of a version that does not say
 */
export const capabilitiesIn = (value: unknown): readonly string[] =>
  Array.isArray(value) && value.every(one => typeof one === 'string') ? value : []

/** The last value of each field of a request. */
export type LastFields = ReadonlyMap<string, Buffer>

/**
 * What a model must be able to do to serve a request. What is in doubt is left out.
 *
 * @param prompt the name of the route's field with the prompt
 */
export const needsIn = function* (
  last: LastFields,
  prompt: GeneratingEndpoint['prompt'],
): Steps<readonly Capability[]> {
  const needs: Capability[] = ['completion']
  const tools = last.get('tools')
  // On /v1/responses there are also tools that no model sees.
  if (firstByteIn(tools) === OPEN_BRACE && (prompt !== 'input' || (yield* isFunction(tools!))))
    needs.push('tools')
  if (asksToThink(last)) needs.push('thinking')
  if (hasText(last.get('suffix'))) needs.push('insert')
  return needs
}

/** Whether the first of these tools is a function. */
const isFunction = function* (tools: Buffer): Steps<boolean> {
  for (const tool of jsonElements(tools)) {
    yield
    if (!tool) continue
    let type: unknown
    yield* jsonFieldsInSteps(tool, ['type'], (_name, value) => (type = scalarIn(value)))
    return type === 'function'
  }
  return false
}

/** `think` of Ollama's own routes, or the effort on /v1. On /v1/messages, Ollama drops the wish where a model cannot think. */
const asksToThink = (last: LastFields): boolean => {
  const think = scalarIn(last.get('think'))
  if (think === true || (typeof think === 'string' && think !== '')) return true
  const effort = effortIn(last)
  return typeof effort === 'string' && effort !== '' && effort !== 'none'
}

const effortIn = (last: LastFields): unknown => {
  const reasoning = last.get('reasoning')
  if (reasoning?.[0] !== OPEN_BRACE) return scalarIn(last.get('reasoning_effort'))
  let effort: unknown
  if (reasoning.byteLength <= MAX_REASONING_BYTES)
    jsonFields(reasoning, ['effort'], (_name, value) => (effort = scalarIn(value)))
  return effort
}

/** It has two short fields. */
const MAX_REASONING_BYTES = 4 * 1024
