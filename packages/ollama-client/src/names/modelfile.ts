/** Blocks in triple quotes (templates, licences) can hold lines that look like instructions. */
const TRIPLE_QUOTED = /"""[^]*?"""/g
const WEIGHTS = /^(?:FROM|ADAPTER) .*sha256[-:]([0-9a-f]{64})/gm
const PARAMETER = /^(\S+)[ \t]+(.+)$/gm

/**
 * Reads the digests of all weights, adapters and projectors from the `modelfile` of `/api/show`. Models with equal digests
 * share a runner, whatever their names are.
 * @returns undefined when the Modelfile names no digest
 */
export const modelfileWeights = (modelfile: string): string | undefined => {
  const digests = [...modelfile.replace(TRIPLE_QUOTED, '').matchAll(WEIGHTS)].map(([, digest]) => digest)
  return digests.length === 0 ? undefined : digests.join('+')
}

/**
 * Reads the `parameters` of `/api/show`, a text with one parameter per line, such as `num_ctx   4096`. Numbers and booleans
 * become values, everything else stays text. If a name is repeated, as `stop` may be, the last value counts.
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
