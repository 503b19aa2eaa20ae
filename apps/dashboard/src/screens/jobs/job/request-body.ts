import { isObject } from '../../../answer/json.ts'

/** A message of a request, or its prompt. */
export interface Said {
  readonly role: string
  readonly text: string
  readonly images: readonly RequestImage[]
}

export interface RequestImage {
  readonly bytes: number
  /** If the browser may show it: a picture of pixels, never a document. */
  readonly url?: string
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** What somebody said to the model, of a request in any of the APIs. Empty: it is of another kind. */
export const saidIn = (request: unknown): readonly Said[] => {
  if (!isObject(request)) return []
  const { system, instructions, prompt, suffix, messages, input, images } = request
  return [
    ...said('system', system ?? instructions),
    ...said('prompt', prompt, listOf(images)),
    ...said('suffix', suffix),
    ...(typeof input === 'string' ? said('user', input) : listOf(input).flatMap(ofMessage)),
    ...listOf(messages).flatMap(ofMessage),
  ]
}

const said = (role: string, content: unknown, images: readonly unknown[] = []): Said[] => {
  const parts = typeof content === 'string' ? [content] : listOf(content)
  const text = parts.map(textOf).filter(Boolean).join('\n')
  const pictures = [...images, ...parts.flatMap(imageOf)].flatMap(pictureOf)
  return text === '' && pictures.length === 0 ? [] : [{ role, text, images: pictures }]
}

const ofMessage = (message: unknown): Said[] => {
  if (!isObject(message)) return []
  const { role, content, thinking, images, tool_calls: calls } = message
  const name = typeof role === 'string' ? role : 'message'
  return [
    ...said(`${name}, thinking`, thinking),
    ...said(name, content, listOf(images)),
    ...(calls === undefined ? [] : said(`${name}, calls of tools`, JSON.stringify(calls, null, 2))),
  ]
}

const textOf = (part: unknown): string => {
  if (typeof part === 'string') return part
  if (!isObject(part)) return ''
  const { text, type, content, input, name } = part
  if (typeof text === 'string') return text
  if (type === 'tool_use') return `${String(name)} ${JSON.stringify(input)}`
  if (type === 'tool_result')
    return typeof content === 'string' ? content : listOf(content).map(textOf).join('\n')
  return ''
}

/** In the parts of OpenAI's and Anthropic's messages. */
const imageOf = (part: unknown): unknown[] => {
  if (!isObject(part)) return []
  const { image_url: url, source } = part
  return [isObject(url) ? url['url'] : url, isObject(source) ? source['data'] : undefined].filter(
    each => typeof each === 'string',
  )
}

/** How base64 of pictures begins: PNG, JPEG, GIF and WebP. SVG is a document, and could do more than be looked at. */
const KINDS: Readonly<Record<string, string>> = {
  iVBORw0KGgo: 'png',
  '/9j/': 'jpeg',
  R0lGOD: 'gif',
  UklGR: 'webp',
}

const pictureOf = (value: unknown): RequestImage[] => {
  if (typeof value !== 'string') return []
  const data = value.replace(/^data:[^,]*,/, '')
  const [, kind] = Object.entries(KINDS).find(([beginning]) => data.startsWith(beginning)) ?? []
  const isBase64 = kind !== undefined && /^[\w+/=\s-]*$/.test(data)
  return [
    {
      bytes: Math.floor((data.length * 3) / 4),
      ...(isBase64 && { url: `data:image/${kind};base64,${data}` }),
    },
  ]
}

const SHOWN_CHARACTERS = 2_000

/** JSON as people read it. What is long and has no spaces, such as a picture, is told by its length. */
export const prettyJson = (value: unknown): string =>
  JSON.stringify(
    value,
    (_name, each: unknown) =>
      typeof each === 'string' &&
      each.length > SHOWN_CHARACTERS &&
      !/\s/.test(each.slice(0, SHOWN_CHARACTERS))
        ? `${each.slice(0, 40)}… (${each.length} characters)`
        : each,
    2,
  )
