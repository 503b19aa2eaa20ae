/** Blocks in triple quotes (templates, licences) may hold lines that look like instructions. */
const TRIPLE_QUOTED = /"""[^]*?"""/g
const WEIGHTS = /^(?:FROM|ADAPTER) .*sha256[-:]([0-9a-f]{64})/gm
const PARAMETER = /^(\S+)[ \t]+(.+)$/gm

/**
 * The digests of all weights, adapters and projectors in `modelfile` as `/api/show` gives it; undefined when it
 * names none. Models of which it is equal share a runner, whatever their names.
 */
export const modelfileWeights = (modelfile: string): string | undefined => {
  const digests = [...modelfile.replace(TRIPLE_QUOTED, '').matchAll(WEIGHTS)].map(([, digest]) => digest)
  return digests.length === 0 ? undefined : digests.join('+')
}

/**
 * The text of `parameters` as `/api/show` gives it (`num_ctx   4096`, one to a line), as values: numbers and booleans
 * where they are, text otherwise. Of a repeated name, as `stop`, the last value.
 */
export const modelfileParameters = (parameters: string): Record<string, unknown> =>
  Object.fromEntries(
    [...parameters.matchAll(PARAMETER)].map(([, name, text]) => [name, parameterValue(text!.trim())]),
  )

const parameterValue = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
