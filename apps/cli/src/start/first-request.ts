const READY_POLL_MS = 200
const ASK_TIMEOUT_MS = 5000

/**
 * Waits until the gateway accepts jobs.
 *
 * @returns false when the signal aborts first
 */
export const becomesReady = async (baseUrl: string, signal: AbortSignal): Promise<boolean> => {
  while (!signal.aborted) {
    try {
      const response = await fetch(`${baseUrl}/readyz`, { signal })
      await response.body?.cancel()
      if (response.ok) return true
    } catch {
      // Not listening yet.
    }
    await new Promise(resolve => setTimeout(resolve, READY_POLL_MS))
  }
  return false
}

/** The first listed model that generates text; undefined when there is none, or no server answers. */
export const firstChatModel = async (
  ask: (path: string, body?: unknown) => Promise<unknown>,
): Promise<string | undefined> => {
  const { models = [] } = ((await ask('/api/tags').catch(() => undefined)) ?? {}) as {
    models?: { name: string }[]
  }
  for (const { name } of models) {
    const shown = (await ask('/api/show', { model: name }).catch(() => undefined)) as
      | { capabilities?: string[] }
      | undefined
    // Older servers do not list the capabilities of a model.
    if (shown && (shown.capabilities?.includes('completion') ?? true)) return name
  }
  return undefined
}

/** A function that sends JSON requests to paths below a base URL. It rejects when the status is an error. */
export const asker =
  (baseUrl: string, token: string | undefined) =>
  async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(baseUrl + path, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return response.json()
  }

/**
 * A command line that streams an answer.
 *
 * @param tokenName the variable that the token is in, which is shown instead of the token. Undefined: none is needed
 */
export const curlLine = (baseUrl: string, model: string, tokenName: string | undefined): string => {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] }).replaceAll(
    "'",
    String.raw`\u0027`,
  )
  const authorization = tokenName === undefined ? '' : ` -H "Authorization: Bearer $${tokenName}"`
  return `curl -N ${baseUrl}/api/chat${authorization} -d '${body}'`
}
