/** A piece of a streamed answer: one line, or the data of one event. */
export type Piece = Record<string, unknown>

/** Tokens as an answer itself reports them. */
export interface TokenUsage {
  promptTokens?: number
  completionTokens?: number
}

/** Makes one reply of the pieces of a stream. Does not trust them: it never throws. */
export interface PieceFold {
  add(piece: Piece): void
  /** What the pieces so far come to; undefined when they come to no reply. */
  result(): Record<string, unknown> | undefined
}

/** What is known of the pieces in which an endpoint answers. */
export interface AnswerPieces {
  /** How the last piece of a complete stream is known. */
  readonly isLastPiece: (piece: Piece | '[DONE]') => boolean
  /** Whether a piece carries something generated: text, thinking or a tool call. */
  readonly isGenerated: (piece: Piece) => boolean
  /** What a piece, or a reply that is not streamed, says of the tokens used. */
  readonly usageIn: (piece: Piece) => TokenUsage | undefined
  readonly newFold: () => PieceFold
}
