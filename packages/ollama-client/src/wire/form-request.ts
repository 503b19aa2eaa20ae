import type { GenerationRequest } from './generation-request.ts'
import { formFields } from './multipart.ts'

export interface FormRequest {
  /** Path and query. */
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
}

/**
 * Reads a request that is a form as Ollama reads it. A field of the query comes before a field of the body.
 *
 * @returns `unreadable` for a form that cannot be read for certain. Ollama refuses a request that has `no_model`
 */
export const readFormRequest = async ({
  path,
  contentType,
  body,
}: FormRequest): Promise<GenerationRequest | 'unreadable' | 'no_model'> => {
  const fields = await formFields({ contentType, body, wanted: ['model', 'response_format', 'user'] })
  if (!fields) return 'unreadable'
  const query = new URLSearchParams(path.includes('?') ? path.slice(path.indexOf('?')) : '')
  const field = (name: string) => query.get(name) ?? fields.get(name) ?? ''
  const model = field('model').trim()
  if (model === '') return 'no_model'
  const answersInText = field('response_format') === 'text'
  return {
    model,
    stream: false,
    isLoad: false,
    isUnload: false,
    answersInText,
    options: {},
    shift: undefined,
    flaw: undefined,
    needs: [],
    user: field('user') || undefined,
  }
}
