import { isObject, type Json } from './json.ts'

/** A piece of an answer, by what it is. */
export interface Part {
  readonly kind: 'text' | 'thinking' | 'tools' | 'error'
  readonly text: string
}

/**
 * What an object of an answer says: a line or an event of a stream, or a whole answer, in any of the APIs that foreman serves.
 * Empty: it says nothing, or it is of a kind that is not known.
 */
export const partsOf = (value: unknown): readonly Part[] => {
  if (!isObject(value)) return []
  return [
    ...errorOf(value['error']),
    ...textOf('thinking', value['thinking']),
    ...textOf('text', value['response']),
    ...messageOf(value['message']),
    ...listOf(value['choices']).flatMap(ofChoice),
    ...ofMessages(value),
    ...ofResponses(value),
  ]
}

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

const textOf = (kind: Part['kind'], value: unknown): readonly Part[] =>
  typeof value === 'string' && value !== '' ? [{ kind, text: value }] : []

const errorOf = (value: unknown): readonly Part[] =>
  textOf('error', isObject(value) ? value['message'] : value)

/** Of Ollama's chat and OpenAI's: the whole message, or what comes next of it. */
const messageOf = (value: unknown): readonly Part[] => {
  if (!isObject(value)) return []
  return [
    ...textOf('thinking', value['thinking'] ?? value['reasoning'] ?? value['reasoning_content']),
    ...textOf('text', value['content']),
    ...listOf(value['tool_calls']).flatMap(({ function: called }) =>
      isObject(called) ? callOf(called) : [],
    ),
  ]
}

const ofChoice = ({ delta, message, text }: Json): readonly Part[] => [
  ...textOf('text', text),
  ...messageOf(delta ?? message),
]

/** A call begins with its name, on a line of its own. In a stream its arguments come piece by piece. */
const callOf = ({ name, arguments: given }: Json): readonly Part[] => [
  ...textOf('tools', typeof name === 'string' && name !== '' ? `\n${name} ` : undefined),
  ...textOf('tools', typeof given === 'string' ? given : given && JSON.stringify(given)),
]

/** Anthropic's messages. */
const ofMessages = ({ type, content, content_block: block, delta }: Json): readonly Part[] => {
  if (type === 'message') return listOf(content).flatMap(ofBlock)
  if (type === 'content_block_start' && isObject(block)) return ofBlock(block)
  if (type === 'content_block_delta' && isObject(delta))
    return [...ofBlock(delta), ...textOf('tools', delta['partial_json'])]
  return []
}

const ofBlock = ({ text, thinking, name, input }: Json): readonly Part[] => {
  const isStarted = isObject(input) && Object.keys(input).length === 0
  return [
    ...textOf('thinking', thinking),
    ...textOf('text', text),
    ...callOf({ name, arguments: isStarted ? '' : input }),
  ]
}

/** OpenAI's responses. */
const ofResponses = ({ type, delta, item, output }: Json): readonly Part[] => {
  switch (type) {
    case 'response.output_text.delta':
      return textOf('text', delta)
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return textOf('thinking', delta)
    case 'response.function_call_arguments.delta':
      return textOf('tools', delta)
    case 'response.output_item.added':
      return isObject(item) ? callOf({ name: item['name'] }) : []
    default:
      return listOf(output).flatMap(ofItem)
  }
}

const ofItem = ({ content, summary, name, arguments: given }: Json): readonly Part[] => [
  ...listOf(summary).flatMap(({ text }) => textOf('thinking', text)),
  ...listOf(content).flatMap(({ text }) => textOf('text', text)),
  ...callOf({ name, arguments: given }),
]
