import type { AnswerPieces, Piece, PieceFold } from './answer-pieces.ts'
import { type Fields, isObject, listIn, objectIn, present, saysAny, textIn, tokenUsage } from './fields.ts'
import { Growth } from './growth.ts'
import { ToolCalls } from './tool-calls.ts'

/** One of a completion's choices, without its index. */
interface ChoiceFold {
  add(choice: Fields): void
  result(): Fields
}

class MessageFold implements ChoiceFold {
  readonly #said = new Growth({ texts: ['content', 'reasoning'] })
  readonly #calls = new ToolCalls()

  add(choice: Fields): void {
    const delta = objectIn(choice, 'delta')
    this.#said.add(delta)
    for (const call of listIn(delta, 'tool_calls').filter(isObject)) this.#calls.add(call)
  }

  result(): Fields {
    const said = present({ ...this.#said.fields(), tool_calls: this.#calls.result() })
    return { message: { role: 'assistant', content: '', ...said } }
  }
}

class TextFold implements ChoiceFold {
  readonly #said = new Growth({ texts: ['text'] })

  add(choice: Fields): void {
    this.#said.add(choice)
  }

  result(): Fields {
    return { text: '', ...present(this.#said.fields()) }
  }
}

/** The part of a choice that is the same in both kinds of completion. */
class Choice implements ChoiceFold {
  readonly #said: ChoiceFold
  readonly #logprobs = new Growth({ lists: ['content'] })
  #finishReason: string | null = null

  constructor(said: ChoiceFold) {
    this.#said = said
  }

  add(choice: Fields): void {
    this.#said.add(choice)
    this.#logprobs.add(objectIn(choice, 'logprobs'))
    this.#finishReason = textIn(choice, 'finish_reason') || this.#finishReason
  }

  result(): Fields {
    const { content } = this.#logprobs.fields()
    return present({
      ...this.#said.result(),
      finish_reason: this.#finishReason,
      logprobs: content && { content },
    })
  }
}

/** OpenAI lets a request ask for this many choices. Ollama sends one. */
const MAX_CHOICES = 128

class CompletionFold implements PieceFold {
  readonly #object: string
  readonly #newChoice: () => ChoiceFold
  #first: Piece | undefined
  #usage: Fields | undefined
  readonly #choices = new Map<number, ChoiceFold>()

  constructor(object: string, newChoice: () => ChoiceFold) {
    this.#object = object
    this.#newChoice = newChoice
  }

  add(piece: Piece): void {
    const { choices, usage } = piece
    if (!Array.isArray(choices)) return
    this.#first ??= piece
    for (const choice of choices.filter(isObject)) this.#choiceAt(choice['index'])?.add(choice)
    // The usage in a piece with choices has only zeros.
    if (choices.length === 0 && isObject(usage)) this.#usage = usage
  }

  result(): Fields | undefined {
    if (!this.#first) return undefined
    const choices = [...this.#choices]
      .toSorted(([one], [other]) => one - other)
      .map(([index, choice]) => ({ index, ...choice.result() }))
    return present({ ...this.#first, object: this.#object, choices, usage: this.#usage })
  }

  #choiceAt(place: unknown): ChoiceFold | undefined {
    const index = Number.isSafeInteger(place) ? (place as number) : 0
    if (!this.#choices.has(index) && this.#choices.size < MAX_CHOICES) {
      this.#choices.set(index, new Choice(this.#newChoice()))
    }
    return this.#choices.get(index)
  }
}

const ofOpenAi = {
  isLastPiece: piece => piece === '[DONE]',
  usageIn: piece => {
    const usage = objectIn(piece, 'usage')
    return tokenUsage(usage['prompt_tokens'], usage['completion_tokens'])
  },
} satisfies Partial<AnswerPieces>

export const chatCompletionPieces: AnswerPieces = {
  ...ofOpenAi,
  isGenerated: piece =>
    listIn(piece, 'choices').some(
      choice => isObject(choice) && saysAny(objectIn(choice, 'delta'), 'content', 'reasoning', 'tool_calls'),
    ),
  newFold: () => new CompletionFold('chat.completion', () => new MessageFold()),
}

export const completionPieces: AnswerPieces = {
  ...ofOpenAi,
  isGenerated: piece => listIn(piece, 'choices').some(choice => isObject(choice) && saysAny(choice, 'text')),
  newFold: () => new CompletionFold('text_completion', () => new TextFold()),
}
