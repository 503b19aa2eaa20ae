import type { AnswerPieces, Piece, PieceFold } from './answer-pieces.ts'
import { parseWithinBounds } from './bounds.ts'
import { type Fields, objectIn, present, saysAny, textIn, tokenUsage } from './fields.ts'
import { Growth } from './growth.ts'

/** One block of a message's content. */
class Block {
  readonly #begin: Fields
  readonly #said = new Growth({ texts: ['text', 'thinking', 'signature', 'partial_json'] })

  constructor(begin: Fields) {
    this.#begin = begin
    this.#said.add(begin)
  }

  add(delta: Fields): void {
    this.#said.add(delta)
  }

  result(): Fields {
    const { partial_json: json, ...said } = this.#said.fields()
    const input = typeof json === 'string' ? parseWithinBounds(json) : undefined
    return present({ ...this.#begin, ...said, input: input ?? this.#begin['input'] })
  }
}

class MessageFold implements PieceFold {
  #message: Fields | undefined
  #usage: Fields = {}
  #end: Fields = {}
  readonly #blocks = new Map<unknown, Block>()

  add(piece: Piece): void {
    const place = piece['index']
    switch (piece['type']) {
      case 'message_start':
        this.#message = objectIn(piece, 'message')
        this.#usage = objectIn(this.#message, 'usage')
        return
      case 'content_block_start':
        this.#blocks.set(place, new Block(objectIn(piece, 'content_block')))
        return
      case 'content_block_delta':
        this.#blocks.get(place)?.add(objectIn(piece, 'delta'))
        return
      case 'message_delta': {
        const { stop_reason, stop_sequence } = objectIn(piece, 'delta')
        this.#end = present({ stop_reason, stop_sequence })
        // The usage at the start is only an estimate.
        this.#usage = { ...this.#usage, ...objectIn(piece, 'usage') }
      }
    }
  }

  result(): Fields | undefined {
    if (!this.#message) return undefined
    const content = [...this.#blocks.values()].map(block => block.result())
    return { ...this.#message, content, ...this.#end, usage: this.#usage }
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
}
