import type { Exchange } from '../exchange.ts'
import { struct, string } from '../go/decode.ts'
import { goJson } from '../go/encode.ts'
import type { Answering } from '../inference.ts'
import { WholeAnswer } from '../model/answer.ts'
import type { SimContext } from '../sim-context.ts'
import { readForeignBody } from '../wire/inference-route.ts'
import { Refusal } from '../wire/refusal.ts'
import { converse } from './chat.ts'
import { complete } from './generate.ts'

/** Answers that Ollama generates as a stream and collects: the content type stays that of the stream. */
const COLLECTED = 'application/x-ndjson'

const collected = ({ reply }: Exchange, written: (text: string) => string): Answering => {
  const whole = new WholeAnswer()
  return {
    streams: false,
    piece: piece => {
      whole.add(piece)
      return true
    },
    done: () => reply.body(200, COLLECTED, written(whole.content)),
    brokenLine: () => undefined,
    failed: () => undefined,
  }
}

const imageRequest = struct('openai.ImageGenerationRequest', { model: string, prompt: string })

/** POST /v1/images/generations and /v1/images/edits. The picture is what the model says. */
export const images = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readForeignBody<{ model?: string; prompt?: string }>(exchange, imageRequest)
  for (const name of ['prompt', 'model'] as const)
    if (!request[name]) throw new Refusal(400, `${name} is required`)
  exchange.stage = 'handler'
  const answering = collected(exchange, text => {
    const data = [{ b64_json: Buffer.from(text).toString('base64') }]
    return `${goJson({ created: Math.floor(exchange.clock.now() / 1000), data })}\n`
  })
  await complete(context, exchange, request, answering)
}

/** POST /v1/audio/transcriptions. The model says what it says to the instruction. */
export const transcriptions = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const form = await readForm(exchange)
  const model = form.get('model')
  if (typeof model !== 'string' || model === '') throw new Refusal(400, 'model is required')
  const file = form.get('file')
  if (typeof file === 'string' || file === null)
    throw new Refusal(400, 'file is required: http: no such file')
  if (file.size === 0) throw new Refusal(400, 'audio file is empty')
  exchange.stage = 'handler'
  const asText = form.get('response_format') === 'text'
  const answering = collected(exchange, text => (asText ? text.trim() : `${goJson({ text: text.trim() })}\n`))
  const messages = [{ role: 'user', content: 'Transcribe this audio.' }]
  await converse(context, exchange, { model, messages }, answering)
}

const readForm = async ({ request, body }: Exchange) => {
  try {
    const headers = { 'Content-Type': request.headers['content-type'] ?? '' }
    return await new Response(Uint8Array.from(body.bytes), { headers }).formData()
  } catch (error) {
    throw new Refusal(400, `failed to parse multipart form: ${(error as Error).message}`)
  }
}
