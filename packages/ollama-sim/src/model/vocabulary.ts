/**
 * The vocabulary of the models: a Markov chain over whole pieces, where each token decides the next one.
 * What a model says follows from the token that its prompt ends with.
 */
const STORY =
  'Once upon a time a small A railway carried coal between two hills while its keeper counted wagons every single morning and wrote their numbers into an old green ledger'

const CHAINS = [
  ['<|go_plain|>', 'Hello', ' there', ',', ' friend', '!', '</s>'],
  ['<|go_story|>', ...new Set(STORY.split(' ').map(word => ` ${word}`)), '.', '\n', ' Once'],
  ['<|go_think|>', '<think>', 'Let', ' me', ' see', '…', '</think>', 'The', ' answer', ' is', ' 42', '</s>'],
  [
    '<|go_tool|>',
    '<tool_call>',
    '{"name": "get_weather", ',
    '"arguments": {"city": "Paris"}}',
    '</tool_call>',
    '</s>',
  ],
  ['<|go_json|>', '{"answer"', ': ', '42}', '</s>'],
  ['<|go_uni|>', '日本', '語', ' émile', ' \u2028', ' <b>&', ' 🙂', '</s>'],
]

/** The word of the story that is another one in another weights file. */
const SEED_WORD = 'A'

export const VOCABULARY_SIZE = 384
export const BOS = 1
export const EOS = 2
const FIRST_BYTE = 3

/** Texts by token id, a space written as a space. */
const texts = ['<unk>', '<s>', '</s>']
const ids = new Map<string, number>()

const add = (text: string): void => {
  if (ids.has(text)) return
  ids.set(text, texts.length)
  texts.push(text)
}

ids.set('<unk>', 0).set('<s>', BOS).set('</s>', EOS)
for (let byte = 0; byte < 256; byte++) texts.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
const FIRST_SPECIAL = texts.length
for (const text of ['<|im_start|>', '<|im_end|>', ...CHAINS.map(chain => chain[0]!)]) add(text)
const FIRST_PIECE = texts.length
for (const chain of CHAINS) for (const text of chain.slice(1)) add(text)
for (const char of ' abcdefghijklmnopqrstuvwxyz0123456789?') add(char)

const next = new Map<number, number>()
for (const chain of CHAINS) {
  for (const [place, text] of chain.slice(0, -1).entries())
    next.set(ids.get(text)!, ids.get(chain[place + 1]!)!)
}
const GREETING = next.get(ids.get('<|go_plain|>')!)!

const SEED = ids.get(` ${SEED_WORD}`)!

/** The token that follows `token`; one that no chain knows is followed by the greeting. */
export const nextToken = (token: number): number => next.get(token) ?? GREETING

/** The text of a token, for a weights file with its own word in the story. */
export const tokenText = (token: number, seedWord = SEED_WORD): string => {
  if (token === SEED && seedWord !== SEED_WORD) return ` ${seedWord}`
  return texts[token] ?? `<pad${token}>`
}

const SPECIALS = texts.slice(FIRST_SPECIAL, FIRST_PIECE).concat('<s>', '</s>', '<unk>')
const SPLIT_AT_SPECIALS = new RegExp(
  `(${SPECIALS.map(text => text.replaceAll('|', String.raw`\|`)).join('|')})`,
)

/** Above this many characters a text is taken character by character: merging would change its count by little. */
const MERGE_LIMIT = 10_000

/** Token ids of a text as the SentencePiece tokenizer makes them: pairs merge while the vocabulary holds the result. */
export const tokenize = (text: string, seedWord = SEED_WORD): number[] => {
  const tokens: number[] = []
  const known = seedWord === SEED_WORD ? text : text.replaceAll(` ${seedWord}`, ` ${SEED_WORD}`)
  for (const part of known.split(SPLIT_AT_SPECIALS)) {
    if (part === '') continue
    const special = SPECIALS.includes(part) ? ids.get(part) : undefined
    if (special !== undefined) tokens.push(special)
    else {
      const characters = Array.from(part)
      const symbols = characters.length > MERGE_LIMIT ? characters : merge(characters)
      for (const symbol of symbols) pushSymbol(tokens, symbol)
    }
  }
  return tokens
}

/** How many tokens a prompt is, its beginning included, and which one it ends with. A long one is not all looked at. */
export const readPrompt = (text: string, seedWord: string): { count: number; last: number } => {
  const looked = tokenize(text.slice(-MERGE_LIMIT), seedWord)
  const skipped = Math.max(0, text.length - MERGE_LIMIT)
  return { count: 1 + skipped + looked.length, last: looked.at(-1) ?? BOS }
}

const pushSymbol = (tokens: number[], symbol: string): void => {
  const id = ids.get(symbol)
  if (id !== undefined) tokens.push(id)
  else for (const byte of Buffer.from(symbol)) tokens.push(FIRST_BYTE + byte)
}

/** Merges neighbours, the earliest token of the vocabulary first and from left to right. */
const merge = (symbols: string[]): string[] => {
  const pairs: { id: number; at: number; text: string }[] = []
  const before = symbols.map((_, at) => at - 1)
  const after = symbols.map((_, at) => at + 1)
  const consider = (at: number) => {
    const right = after[at]
    if (at < 0 || right === undefined || right >= symbols.length) return
    const text = symbols[at]! + symbols[right]!
    const id = ids.get(text)
    if (id !== undefined) pairs.push({ id, at, text })
  }
  for (const at of symbols.keys()) consider(at)
  while (pairs.length > 0) {
    let best = 0
    for (const [place, pair] of pairs.entries()) {
      const leader = pairs[best]!
      if (pair.id < leader.id || (pair.id === leader.id && pair.at < leader.at)) best = place
    }
    const { at, text } = pairs.splice(best, 1)[0]!
    const right = after[at]!
    // A pair whose halves have merged elsewhere meanwhile is stale.
    if (symbols[at] === '' || right >= symbols.length || symbols[at]! + symbols[right]! !== text) continue
    symbols[at] = text
    symbols[right] = ''
    after[at] = after[right]!
    if (after[right]! < symbols.length) before[after[right]!] = at
    consider(before[at]!)
    consider(at)
  }
  return symbols.filter(symbol => symbol !== '')
}
