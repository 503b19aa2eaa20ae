import { sendOpenAi } from '../answers/openai.ts'
import { nanoseconds } from '../clock.ts'
import type { Exchange } from '../exchange.ts'
import { toPlain } from '../go/json-value.ts'
import { WIDTH, type Model } from '../model/catalogue.ts'
import { tokenize } from '../model/vocabulary.ts'
import { loadOptions } from '../scheduler/load-options.ts'
import { checkName, findModel, type SimContext } from '../sim-context.ts'
import { readBody, readForeignBody } from '../wire/inference-route.ts'
import { openAiEmbeddingRequest, type OpenAiEmbeddingRequest } from '../wire/openai-requests.ts'
import { readOptions } from '../wire/options.ts'
import { Refusal } from '../wire/refusal.ts'
import { embeddingRequest, embedRequest, type EmbedRequest } from '../wire/requests.ts'

/** What the root mean square norm makes of a single one among zeros. */
const LENGTH = 19.558401107788086

/** POST /api/embed */
export const embed = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readBody<EmbedRequest>(exchange, embedRequest)
  const inputs = readInputs(request)
  const model = embedder(context, request)
  await run(context, exchange, request, model, inputs, loadedAtMs => {
    if (inputs.length === 0) {
      exchange.reply.json(200, { model: request.model, embeddings: [] })
      return
    }
    const tokens = inputs.map(text => tokenize(text))
    exchange.reply.json(200, {
      model: request.model,
      embeddings: tokens.map(of => shortened(vector(of, 1), request.dimensions)),
      total_duration: nanoseconds(exchange.clock.now() - exchange.startedAtMs),
      load_duration: nanoseconds(loadedAtMs - exchange.startedAtMs),
      prompt_eval_count: countTokens(tokens),
    })
  })
}

/** POST /api/embeddings */
export const embeddings = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readBody<EmbedRequest>(exchange, embeddingRequest)
  const { model: name = '', prompt = '' } = request
  if (name === '') throw new Refusal(400, 'model is required')
  const model = embedder(context, request)
  await run(context, exchange, request, model, prompt === '' ? [] : [prompt], () => {
    exchange.reply.json(200, { embedding: prompt === '' ? [] : vector(tokenize(prompt), LENGTH) })
  })
}

/** POST /v1/embeddings */
export const openAiEmbeddings = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readForeignBody<OpenAiEmbeddingRequest>(exchange, openAiEmbeddingRequest)
  const { input, encoding_format: format = 'float', dimensions } = request
  if (input === undefined || (Array.isArray(input) && input.length === 0))
    throw new Refusal(400, 'invalid input')
  if (format !== 'float' && format !== 'base64') {
    throw new Refusal(
      400,
      `Invalid value for 'encoding_format' = ${format}. Supported values: ['float', 'base64'].`,
    )
  }
  exchange.stage = 'handler'
  const inputs = checkInputs(input)
  const model = embedder(context, request)
  await run(context, exchange, request, model, inputs, () => {
    const tokens = inputs.map(text => tokenize(text))
    const data = tokens.map((of, index) => {
      const values = shortened(vector(of, 1), dimensions)
      const embedding =
        format === 'float' ? values : Buffer.from(Float32Array.from(values).buffer).toString('base64')
      return { object: 'embedding', embedding, index }
    })
    const read = countTokens(tokens)
    const usage = { prompt_tokens: read, total_tokens: read }
    sendOpenAi(exchange.reply, { object: 'list', data, model: request.model, usage })
  })
}

/** Cut to so many dimensions; 0 or none keeps them all. */
const shortened = (values: number[], dimensions: number | undefined): number[] =>
  dimensions !== undefined && dimensions > 0 ? values.slice(0, dimensions) : values

const readInputs = ({ input }: EmbedRequest): string[] =>
  input === undefined ? [] : checkInputs(toPlain(input))

const checkInputs = (input: unknown): string[] => {
  if (input === '') return []
  const inputs = typeof input === 'string' ? [input] : input
  if (Array.isArray(inputs) && inputs.every(text => typeof text === 'string')) return inputs
  throw new Refusal(400, 'invalid input type')
}

const embedder = (context: SimContext, { model: name = '' }: { model?: string }): Model => {
  if (name === '') throw new Refusal(404, "model '' not found")
  checkName(name)
  const model = findModel(context, name)
  if (model === undefined) throw new Refusal(404, `model "${name}" not found, try pulling it first`)
  return model
}

const run = async (
  context: SimContext,
  exchange: Exchange,
  request: Pick<EmbedRequest, 'model' | 'options' | 'keep_alive'>,
  model: Model,
  inputs: readonly string[],
  answer: (loadedAtMs: number) => void,
): Promise<void> => {
  const lease = await context.scheduler.schedule({
    model,
    options: loadOptions(readOptions(request.options), undefined),
    keepAliveMs: request.keep_alive,
    signal: exchange.signal,
  })
  try {
    if (inputs.length > 0) await lease.takeSlot()
    const loadedAtMs = exchange.clock.now()
    if (inputs.length > 0 && context.pace.promptMs > 0) await exchange.wait(context.pace.promptMs)
    await exchange.beforePiece(lease.runner, undefined)
    answer(loadedAtMs)
  } finally {
    lease.release()
  }
}

/** Tokens that were read, each input with its beginning. */
const countTokens = (inputs: readonly (readonly number[])[]): number =>
  inputs.reduce((sum, tokens) => sum + tokens.length + 1, 0)

/** The embedding of a text: a one in the place of its last token. */
const vector = (tokens: readonly number[], length: number): number[] => {
  const values = Array.from({ length: WIDTH }, () => 0)
  values[tokens.at(-1) ?? 1] = length
  return values
}
