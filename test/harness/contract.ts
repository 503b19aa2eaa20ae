import formats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { type Answer, send } from './request.ts'

type Schema = Readonly<Record<string, unknown>>

interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { required?: true; schema: Schema }>>
  readonly content?: Readonly<Record<string, { schema?: Schema }>>
}

interface Operation {
  readonly tags: readonly string[]
  /** Where another security is asked for than everywhere. */
  readonly security?: readonly object[]
  readonly responses: Readonly<Record<string, DocumentedResponse>>
}

interface ApiDocument {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** `GET /jobs/{id}`: a method and a path of the document. */
type Route = string

interface CallOptions {
  readonly id?: string
  readonly delivery?: string
  readonly operation?: string
  readonly batch?: string
  readonly file?: string
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** An answer, and its body where that is JSON. */
type Judged = Answer & { readonly json: Record<string, unknown> }

/** Statuses of the routes that an answer has been seen of: `GET /jobs 200`. */
export type Seen = Set<string>

export const routesOf = ({ paths }: ApiDocument): { route: Route; operation: Operation }[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      method === 'parameters' ? [] : { route: `${method.toUpperCase()} ${path}`, operation },
    ),
  )

/** Reads the document that a gateway serves, and holds its answers against it. @param seen gets what was answered */
export const contractOf = async (url: string, seen: Seen) => {
  const served = await send(url, { method: 'GET', path: '/openapi.json' })
  const document = JSON.parse(served.body.toString()) as ApiDocument
  const { components } = JSON.parse(served.body.toString(), closed) as ApiDocument
  const operations = new Map(routesOf(document).map(({ route, operation }) => [route, operation]))
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }))

  /** Fails when a value is not as a schema has it. */
  const demand = (schema: Schema, value: unknown, what: string): void => {
    const isValid = ajv.compile({ ...schema, components })
    if (!isValid(value)) expect.fail(`${what}: ${ajv.errorsText(isValid.errors)} in ${JSON.stringify(value)}`)
  }

  const demandComponent = (name: string, value: unknown): void =>
    demand({ $ref: `#/components/schemas/${name}` }, value, name)

  const demandHeaders = (documented: DocumentedResponse, { headers }: Answer, what: string): void => {
    for (const [name, { required, schema }] of Object.entries(documented.headers ?? {})) {
      const value = headers[name.toLowerCase()]
      if (value !== undefined) demand(schema, schema['type'] === 'integer' ? Number(value) : value, what)
      else if (required) expect.fail(`${what} has no ${name}`)
    }
  }

  /** @returns the body where it is JSON */
  const demandContent = (
    { content }: DocumentedResponse,
    { headers, body }: Answer,
    what: string,
  ): unknown => {
    const text = body.toString()
    if (!content) return text === '' ? undefined : expect.fail(`${what}: ${text}`)
    const type = headers['content-type']?.split(';', 1)[0] ?? ''
    const documented = content[type] ?? content['*/*']
    if (!documented) return expect.fail(`${what} is ${type}`)
    if (type !== 'application/json' && type !== 'application/problem+json') return undefined
    const json: unknown = JSON.parse(text)
    if (documented.schema) demand(documented.schema, json, what)
    return json
  }

  /** Sends a request and fails when the answer is not as the document says. */
  const call = async (
    route: Route,
    {
      id = '',
      delivery = '',
      operation = '',
      batch = '',
      file = '',
      query = '',
      headers = {},
      body,
    }: CallOptions = {},
  ): Promise<Judged> => {
    const [method = '', template = ''] = route.split(' ')
    const path = template
      .replace('{id}', id)
      .replace('{delivery}', delivery)
      .replace('{operation}', operation)
      .replace('{batch}', batch)
      .replace('{file}', file)
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await send(url, { method, path: `${path}${query}`, headers, body: sent })
    const { responses } = operations.get(route)!
    const status = [String(answer.status), `${String(answer.status)[0]}XX`].find(each => responses[each])
    const what = `${route} ${answer.status}`
    if (status === undefined) return expect.fail(`${what}: ${answer.body.toString()}`)
    seen.add(`${route} ${status}`)
    const documented = responses[status]!
    demandHeaders(documented, answer, what)
    return { ...answer, json: (demandContent(documented, answer, what) ?? {}) as Record<string, unknown> }
  }

  return { document, call, demandComponent }
}

export type Contract = Awaited<ReturnType<typeof contractOf>>

/** The document leaves objects open for what is to come; today nothing may be in them that it does not name. */
const closed = (_key: string, value: unknown): unknown => {
  const isObject = typeof value === 'object' && value !== null && 'properties' in value && 'type' in value
  return isObject && !('additionalProperties' in value) ? { ...value, additionalProperties: false } : value
}
