import type { AnswerPieces, Piece, PieceFold } from './answer-pieces.ts'
import { isObject, objectIn, textIn, tokenUsage } from './fields.ts'
import { objectAt, type RawFields, textIn as rawTextIn } from './raw-fields.ts'

const FINAL = new Set(['response.completed', 'response.incomplete', 'response.failed'])

const isFinal = (piece: Piece): boolean => FINAL.has(textIn(piece, 'type'))

/** Takes the reply from the last event, which contains all of it. */
class ResponseFold implements PieceFold {
  #response: string | undefined

  add(piece: RawFields): void {
    const response = piece.get('response')
    if (FINAL.has(rawTextIn(piece, 'type')) && objectAt(response)) this.#response = response
  }

  result(): string | undefined {
    return this.#response
  }
}

export const responsePieces: AnswerPieces = {
  isLastPiece: piece => piece !== '[DONE]' && isFinal(piece),
  isGenerated: piece => textIn(piece, 'type').endsWith('.delta') && textIn(piece, 'delta') !== '',
  usageIn: piece => {
    // An event of a stream has the usage inside its `response`.
    const usage = objectIn(isObject(piece['response']) ? piece['response'] : piece, 'usage')
    return tokenUsage(usage['input_tokens'], usage['output_tokens'])
  },
  newFold: () => new ResponseFold(),
  mayBeText: false,
}
