import { errorText } from '../error-text.ts'
import type { Piece } from '../fold/answer-pieces.ts'
import { type Fields, isObject, listIn, objectIn, textIn } from '../fold/fields.ts'

/** What an answer says, for people: its text, its thinking, the calls of tools that it wants, or an error. */
export interface Spoken {
  readonly kind: 'text' | 'thinking' | 'tool_call' | 'error'
  readonly text: string
}

type Kind = Spoken['kind']

/**
 * What a piece of an answer says, or an answer that does not stream, in any dialect. Their fields have names of their own, so it
 * need not be known which dialect it is.
 */
export const spokenIn = (piece: Piece): Spoken[] => {
  const type = textIn(piece, 'type')
  if (piece['error'] != null) return said('error', errorText(piece) ?? JSON.stringify(piece['error']))
  if (type.startsWith('response.')) return inResponseEvent(type, piece)
  return [
    ...inNative(piece),
    ...objects(piece, 'choices').slice(0, 1).flatMap(inChoice),
    ...inMessage(type, piece),
    ...objects(piece, 'output').flatMap(inOutput),
    ...inTranscription(piece, type),
  ]
}

const said = (kind: Kind, text: string): Spoken[] => (text === '' ? [] : [{ kind, text }])

const objects = (fields: Fields, name: string): Fields[] => listIn(fields, name).filter(isObject)

/** The fields of Ollama's own answers, which OpenAI's messages have some of, too. */
const inTurn = (fields: Fields): Spoken[] => [
  ...said('thinking', textIn(fields, 'thinking') || textIn(fields, 'reasoning')),
  ...said('text', textIn(fields, 'content')),
  ...objects(fields, 'tool_calls').flatMap(inToolCall),
]

/** A call of a tool: at once, or first its name and then its arguments bit by bit. */
const inToolCall = (call: Fields): Spoken[] => {
  const wanted = objectIn(call, 'function')
  const name = textIn(wanted, 'name')
  const given = wanted['arguments']
  const written = typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given)
  return said('tool_call', name === '' ? written : `${name} ${written}`)
}

const inNative = (piece: Fields): Spoken[] => {
  if (isObject(piece['message'])) return inTurn(piece['message'])
  const response = textIn(piece, 'response')
  const isGenerated = typeof piece['response'] === 'string'
  return isGenerated ? [...said('thinking', textIn(piece, 'thinking')), ...said('text', response)] : []
}

const inChoice = (choice: Fields): Spoken[] => [
  ...inTurn(objectIn(choice, isObject(choice['delta']) ? 'delta' : 'message')),
  ...said('text', textIn(choice, 'text')),
]

/** Anthropic's messages: as a whole, or as the events of their blocks. */
const inMessage = (type: string, piece: Fields): Spoken[] => {
  switch (type) {
    case 'message':
      return objects(piece, 'content').flatMap(inBlock)
    case 'content_block_start':
      return inBlock(objectIn(piece, 'content_block'))
    case 'content_block_delta': {
      const delta = objectIn(piece, 'delta')
      return [...inBlock(delta), ...said('tool_call', textIn(delta, 'partial_json'))]
    }
    default:
      return []
  }
}

const inBlock = (block: Fields): Spoken[] => {
  if (textIn(block, 'type') !== 'tool_use')
    return [...said('thinking', textIn(block, 'thinking')), ...said('text', textIn(block, 'text'))]
  const input = objectIn(block, 'input')
  return said(
    'tool_call',
    `${textIn(block, 'name')} ${Object.keys(input).length > 0 ? JSON.stringify(input) : ''}`,
  )
}

const inResponseEvent = (type: string, piece: Fields): Spoken[] => {
  switch (type) {
    case 'response.output_text.delta':
      return said('text', textIn(piece, 'delta'))
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return said('thinking', textIn(piece, 'delta'))
    case 'response.output_item.added': {
      const item = objectIn(piece, 'item')
      return textIn(item, 'type') === 'function_call' ? said('tool_call', `${textIn(item, 'name')} `) : []
    }
    case 'response.function_call_arguments.delta':
      return said('tool_call', textIn(piece, 'delta'))
    case 'response.failed':
      return said('error', errorText(objectIn(piece, 'response')) ?? 'the response failed')
    default:
      return []
  }
}

/** An item of a reply of OpenAI's Responses API. */
const inOutput = (item: Fields): Spoken[] => {
  switch (textIn(item, 'type')) {
    case 'message':
      return objects(item, 'content').flatMap(part => said('text', textIn(part, 'text')))
    case 'reasoning':
      return objects(item, 'summary').flatMap(part => said('thinking', textIn(part, 'text')))
    case 'function_call':
      return said('tool_call', `${textIn(item, 'name')} ${textIn(item, 'arguments')}`)
    default:
      return []
  }
}

const inTranscription = (piece: Fields, type: string): Spoken[] => {
  if (type === 'transcript.text.delta') return said('text', textIn(piece, 'delta'))
  // Behind the deltas the whole text comes once more.
  return type === '' && typeof piece['text'] === 'string' ? said('text', piece['text']) : []
}
