import type { AnswerPieces, Piece, PieceFold } from './answer-pieces.ts'
import { type Fields, isObject, objectIn, present, saysAny, tokenUsage } from './fields.ts'
import { Growth } from './growth.ts'

/** Ollama's own reply is the last piece with the joined texts and lists of all pieces. */
class ChatFold implements PieceFold {
  #last: Piece = {}
  #lastMessage: Fields | undefined
  readonly #said = new Growth({ texts: ['content', 'thinking'], lists: ['tool_calls', 'images'] })
  readonly #logprobs = new Growth({ lists: ['logprobs'] })

  add(piece: Piece): void {
    const { message } = piece
    if (isObject(message)) {
      this.#lastMessage = message
      this.#said.add(message)
    }
    this.#logprobs.add(piece)
    this.#last = piece
  }

  result(): Fields | undefined {
    if (!this.#lastMessage) return undefined
    const message = present({ ...this.#lastMessage, ...this.#said.fields() })
    return present({
      ...this.#last,
      message: { role: 'assistant', content: '', ...message },
      ...this.#logprobs.fields(),
    })
  }
}

class GenerateFold implements PieceFold {
  #last: Piece = {}
  readonly #said = new Growth({ texts: ['response', 'thinking'], lists: ['tool_calls', 'logprobs'] })

  add(piece: Piece): void {
    this.#said.add(piece)
    this.#last = piece
  }

  result(): Fields | undefined {
    const said = this.#said.fields()
    return said['response'] === undefined ? undefined : present({ ...this.#last, ...said })
  }
}

const ofOllama = {
  isLastPiece: piece => piece !== '[DONE]' && piece['done'] === true,
  usageIn: piece => tokenUsage(piece['prompt_eval_count'], piece['eval_count']),
} satisfies Partial<AnswerPieces>

export const chatPieces: AnswerPieces = {
  ...ofOllama,
  isGenerated: piece => saysAny(objectIn(piece, 'message'), 'content', 'thinking', 'tool_calls'),
  newFold: () => new ChatFold(),
}

export const generatePieces: AnswerPieces = {
  ...ofOllama,
  isGenerated: piece => saysAny(piece, 'response', 'thinking', 'tool_calls'),
  newFold: () => new GenerateFold(),
}
