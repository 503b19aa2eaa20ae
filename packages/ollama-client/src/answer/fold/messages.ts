import type { AnswerPieces, PieceFold } from './answer-pieces.ts'
import { objectIn, saysAny, textIn, tokenUsage } from './fields.ts'
import { Growth } from './growth.ts'
import { JsonInText } from './json-in-text.ts'
import { fieldsWith, type JsonText, listText, objectText } from './json-text.ts'
import {
  MAX_ENTRIES,
  objectIn as rawObjectIn,
  OutOfBoundsError,
  type RawFields,
  textIn as rawTextIn,
} from './raw-fields.ts'

/** One block of a message's content. */
class Block {
  readonly #begin: RawFields
  readonly #said = new Growth({ texts: ['text', 'thinking', 'signature'] })
  readonly #input = new JsonInText('partial_json')

  constructor(begin: RawFields) {
    this.#begin = begin
    this.#said.add(begin)
    this.#input.add(begin)
  }

  add(delta: RawFields): void {
    this.#said.add(delta)
    this.#input.add(delta)
  }

  result(): JsonText {
    const input = this.#input.object() ?? this.#begin.get('input')
    return objectText(fieldsWith(this.#begin, { ...this.#said.fields(), input }))
  }
}

class MessageFold implements PieceFold {
  #message: RawFields | undefined
  #usage: ReadonlyMap<string, string> = new Map()
  #end: Record<string, string | undefined> = {}
  readonly #blocks = new Map<string | undefined, Block>()

  add(piece: RawFields): void {
    const place = piece.get('index')
    switch (rawTextIn(piece, 'type')) {
      case 'message_start':
        this.#message = rawObjectIn(piece, 'message')
        this.#usage = rawObjectIn(this.#message, 'usage')
        return
      case 'content_block_start':
        this.#blocks.set(place, new Block(rawObjectIn(piece, 'content_block')))
        if (this.#blocks.size > MAX_ENTRIES) throw new OutOfBoundsError('there are too many blocks')
        return
      case 'content_block_delta':
        this.#blocks.get(place)?.add(rawObjectIn(piece, 'delta'))
        return
      case 'message_delta': {
        const delta = rawObjectIn(piece, 'delta')
        this.#end = { stop_reason: delta.get('stop_reason'), stop_sequence: delta.get('stop_sequence') }
        // The usage at the start is only an estimate.
        this.#usage = new Map([...this.#usage, ...rawObjectIn(piece, 'usage')])
      }
    }
  }

  result(): JsonText | undefined {
    if (!this.#message) return undefined
    const content = listText([...this.#blocks.values()].map(block => block.result()))
    const end = Object.fromEntries(Object.entries(this.#end).filter(([, text]) => text !== undefined))
    return objectText(fieldsWith(this.#message, { content, ...end, usage: objectText(this.#usage) }))
  }
}

export const messagePieces: AnswerPieces = {
  isLastPiece: piece => piece !== '[DONE]' && piece['type'] === 'message_stop',
  isGenerated: piece =>
    textIn(piece, 'type') === 'content_block_delta' &&
    saysAny(objectIn(piece, 'delta'), 'text', 'thinking', 'partial_json'),
  usageIn: piece => {
    const usage = objectIn(piece['type'] === 'message_start' ? objectIn(piece, 'message') : piece, 'usage')
    return tokenUsage(usage['input_tokens'], usage['output_tokens'])
  },
  newFold: () => new MessageFold(),
  mayBeText: false,
}
