import { EOS, nextToken, tokenText } from './vocabulary.ts'

/** What a model says at once. */
export interface Word {
  text: string
  /** The tokens behind it, for log probabilities; none where a model has no vocabulary. */
  tokens: number[]
}

/** An answer in prose. */
export interface Prose {
  readonly text: string
  /** What a model that can think thinks before it. */
  readonly thought?: string
}

/** The words of the chain that follow a token, in the weights with this word in the story. */
export const wordsAfter = function* (lastToken: number, seedWord: string): Generator<Word, void> {
  for (let token = nextToken(lastToken); token !== EOS; token = nextToken(token))
    yield { text: tokenText(token, seedWord), tokens: [token] }
}

const split = (text: string): Word[] =>
  [...text.matchAll(/\s*\S+/g)].map(([word]) => ({ text: word, tokens: [] }))

/** The words of an answer in prose, with the thought before it if the model thinks. */
export const wordsOf = ({ text, thought }: Prose, thinks: boolean): Word[] => {
  if (!thinks || thought === undefined) return split(text)
  return [...split('<think>'), ...split(thought), ...split('</think>'), ...split(text)]
}
