import type { AnswerPieces, PieceFold } from './answer-pieces.ts'
import { textIn } from './fields.ts'
import { type JsonText, objectText } from './json-text.ts'
import type { RawFields } from './raw-fields.ts'

/** The reply is the last piece. */
class LastPieceFold implements PieceFold {
  #last: JsonText | undefined

  add(piece: RawFields): void {
    this.#last = objectText(piece)
  }

  result(): JsonText | undefined {
    return this.#last
  }
}

// Ollama generates such an answer as a stream and collects it. The answer is one object, but its content type is often
// that of the stream.
const collected = {
  isGenerated: () => false,
  usageIn: () => undefined,
  newFold: () => new LastPieceFold(),
} satisfies Partial<AnswerPieces>

export const imagePieces: AnswerPieces = {
  ...collected,
  isLastPiece: piece => piece !== '[DONE]' && Array.isArray(piece['data']),
  mayBeText: false,
}

export const transcriptionPieces: AnswerPieces = {
  ...collected,
  isLastPiece: piece => piece === '[DONE]' || textIn(piece, 'type') === 'transcript.text.done',
  mayBeText: true,
}
