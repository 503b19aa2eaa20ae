import type { AnswerPieces, PieceFold } from './answer-pieces.ts'
import { isObject, listIn, objectIn, saysAny, tokenUsage } from './fields.ts'
import { Growth } from './growth.ts'
import { fieldsWith, type JsonText, listText, objectText } from './json-text.ts'
import {
  objectAt,
  objectIn as rawObjectIn,
  objectsIn as rawObjectsIn,
  type RawFields,
  textIn as rawTextIn,
} from './raw-fields.ts'
import { ToolCalls } from './tool-calls.ts'

type Result = Record<string, JsonText | undefined>

/** What one of a completion's choices says. */
interface Said {
  add(choice: RawFields): void
  result(): Result
}

class SaidMessage implements Said {
  readonly #said = new Growth({ texts: ['content', 'reasoning'] })
  readonly #calls = new ToolCalls()

  add(choice: RawFields): void {
    const delta = rawObjectIn(choice, 'delta')
    this.#said.add(delta)
    for (const call of rawObjectsIn(delta, 'tool_calls') ?? []) this.#calls.add(call)
  }

  result(): Result {
    const { content = '""', reasoning } = this.#said.fields()
    const said = { role: '"assistant"', content, reasoning, tool_calls: this.#calls.result() }
    return { message: objectText(Object.entries(said)) }
  }
}

class SaidText implements Said {
  readonly #said = new Growth({ texts: ['text'] })

  add(choice: RawFields): void {
    this.#said.add(choice)
  }

  result(): Result {
    return { text: this.#said.field('text') ?? '""' }
  }
}

/** The part of a choice that is the same in both kinds of completion. */
class Choice {
  readonly #said: Said
  readonly #logprobs = new Growth({ lists: ['content'] })
  #finishReason = 'null'

  constructor(said: Said) {
    this.#said = said
  }

  add(choice: RawFields): void {
    this.#said.add(choice)
    this.#logprobs.add(rawObjectIn(choice, 'logprobs'))
    if (rawTextIn(choice, 'finish_reason') !== '')
      this.#finishReason = choice.get('finish_reason') ?? this.#finishReason
  }

  result(index: number): JsonText {
    const content = this.#logprobs.field('content')
    return objectText(
      Object.entries({
        index: index.toString(),
        ...this.#said.result(),
        finish_reason: this.#finishReason,
        logprobs: content && objectText([['content', content]]),
      }),
    )
  }
}

/** OpenAI lets a request ask for this many choices. Ollama sends one. */
const MAX_CHOICES = 128

class CompletionFold implements PieceFold {
  readonly #object: string
  readonly #newSaid: () => Said
  #first: RawFields | undefined
  #usage: string | undefined
  readonly #choices = new Map<number, Choice>()

  constructor(object: string, newSaid: () => Said) {
    this.#object = object
    this.#newSaid = newSaid
  }

  add(piece: RawFields): void {
    const choices = rawObjectsIn(piece, 'choices')
    if (!choices) return
    this.#first ??= piece
    for (const choice of choices) this.#choiceAt(choice.get('index'))?.add(choice)
    // The usage in a piece with choices has only zeros.
    const usage = piece.get('usage')
    if (choices.length === 0 && objectAt(usage)) this.#usage = usage
  }

  result(): JsonText | undefined {
    if (!this.#first) return undefined
    const choices = [...this.#choices]
      .toSorted(([one], [other]) => one - other)
      .map(([index, choice]) => choice.result(index))
    const object = JSON.stringify(this.#object)
    return objectText(fieldsWith(this.#first, { object, choices: listText(choices), usage: this.#usage }))
  }

  #choiceAt(place: string | undefined): Choice | undefined {
    const given = Number(place)
    const index = Number.isSafeInteger(given) ? given : 0
    if (!this.#choices.has(index) && this.#choices.size < MAX_CHOICES) {
      this.#choices.set(index, new Choice(this.#newSaid()))
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
  newFold: () => new CompletionFold('chat.completion', () => new SaidMessage()),
  mayBeText: false,
}

export const completionPieces: AnswerPieces = {
  ...ofOpenAi,
  isGenerated: piece => listIn(piece, 'choices').some(choice => isObject(choice) && saysAny(choice, 'text')),
  newFold: () => new CompletionFold('text_completion', () => new SaidText()),
  mayBeText: false,
}
