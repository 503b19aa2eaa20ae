import type { JsonText } from './json-text.ts'
import type { RawFields } from './raw-fields.ts'

/** A piece of a streamed answer: one line, or the data of one event. */
export type Piece = Record<string, unknown>

/** What an answer itself reports: the numbers of tokens, and how long the model was loaded before it. */
export interface TokenUsage {
  readonly promptTokens?: number
  readonly completionTokens?: number
  /** Native answers alone say how long the target took for what. */
  readonly loadMs?: number
  readonly promptMs?: number
  readonly answerMs?: number
}

/**
 * Makes one reply of the pieces of a stream, whatever they are.
 *
 * @throws OutOfBoundsError when the reply has too many parts, or when a text that arrived in parts is JSON that is too
 *   long or nests too deep
 */
export interface PieceFold {
  add(piece: RawFields): void
  /** The JSON of the reply that the pieces so far make, undefined when they make none. */
  result(): JsonText | undefined
}

/** How to read the pieces of an endpoint's answers. */
export interface AnswerPieces {
  /** Whether a piece is the last one of a complete stream. */
  readonly isLastPiece: (piece: Piece | '[DONE]') => boolean
  /** Whether a piece has generated text, thinking or a tool call. */
  readonly isGenerated: (piece: Piece) => boolean
  /** The usage that a piece, or a non-streaming reply, reports. */
  readonly usageIn: (piece: Piece) => TokenUsage | undefined
  readonly newFold: () => PieceFold
  /**
   * Whether an answer may be text, whatever its content type says. Nothing in it marks its end then, but the target sends
   * all of it at once.
   */
  readonly mayBeText: boolean
}
