import type { AnswerPieces, PieceFold } from './answer-pieces.ts'
import { objectIn, saysAny, tokenUsage } from './fields.ts'
import { Growth } from './growth.ts'
import { fieldsWith, type JsonText, objectText } from './json-text.ts'
import { objectAt, type RawFields } from './raw-fields.ts'

/** Ollama's own reply is the last piece with the joined texts and lists of all pieces. */
class ChatFold implements PieceFold {
  #last: RawFields = new Map()
  #lastMessage: RawFields | undefined
  readonly #said = new Growth({ texts: ['content', 'thinking'], lists: ['tool_calls', 'images'] })
  readonly #logprobs = new Growth({ lists: ['logprobs'] })

  add(piece: RawFields): void {
    const message = objectAt(piece.get('message'))
    if (message) {
      this.#lastMessage = message
      this.#said.add(message)
    }
    this.#logprobs.add(piece)
    this.#last = piece
  }

  result(): JsonText | undefined {
    if (!this.#lastMessage) return undefined
    const begin = new Map([['role', '"assistant"'], ['content', '""'], ...this.#lastMessage])
    const said = { ...this.#said.fields(), content: this.#said.field('content') ?? '""' }
    const message = objectText(fieldsWith(begin, said))
    return objectText(fieldsWith(this.#last, { message, ...this.#logprobs.fields() }))
  }
}

class GenerateFold implements PieceFold {
  #last: RawFields = new Map()
  readonly #said = new Growth({ texts: ['response', 'thinking'], lists: ['tool_calls', 'logprobs'] })

  add(piece: RawFields): void {
    this.#said.add(piece)
    this.#last = piece
  }

  result(): JsonText | undefined {
    if (this.#said.field('response') === undefined) return undefined
    return objectText(fieldsWith(this.#last, this.#said.fields()))
  }
}

const NANOSECONDS_PER_MS = 1_000_000

const duration = (name: string, nanoseconds: unknown): Readonly<Record<string, number>> | undefined =>
  typeof nanoseconds === 'number' && nanoseconds >= 0
    ? { [name]: nanoseconds / NANOSECONDS_PER_MS }
    : undefined

const ofOllama = {
  isLastPiece: piece => piece !== '[DONE]' && piece['done'] === true,
  usageIn: piece => {
    // Only the last piece reports anything.
    if (piece['done'] !== true) return undefined
    const usage = {
      ...tokenUsage(piece['prompt_eval_count'], piece['eval_count']),
      ...duration('loadMs', piece['load_duration']),
      ...duration('promptMs', piece['prompt_eval_duration']),
      ...duration('answerMs', piece['eval_duration']),
    }
    return Object.keys(usage).length > 0 ? usage : undefined
  },
} satisfies Partial<AnswerPieces>

export const chatPieces: AnswerPieces = {
  ...ofOllama,
  isGenerated: piece => saysAny(objectIn(piece, 'message'), 'content', 'thinking', 'tool_calls'),
  newFold: () => new ChatFold(),
  mayBeText: false,
}

export const generatePieces: AnswerPieces = {
  ...ofOllama,
  isGenerated: piece => saysAny(piece, 'response', 'thinking', 'tool_calls'),
  newFold: () => new GenerateFold(),
  mayBeText: false,
}
