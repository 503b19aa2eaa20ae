const READY_POLL_MS = 200
const ASK_MS = 5000

/** Waits until jobs are accepted there; false when the signal comes first. */
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

/** The first model listed that writes text; undefined when there is none, or nobody answers. */
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
    // Older servers do not say what a model can do.
    if (shown && (shown.capabilities?.includes('completion') ?? true)) return name
  }
  return undefined
}

/** Asks a JSON question below a base URL; rejects on an error status. */
export const asker =
  (baseUrl: string, token: string | undefined) =>
  async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(baseUrl + path, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ASK_MS),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return response.json()
  }

/** A command line that streams an answer. The token itself is not shown. */
export const curlLine = (baseUrl: string, model: string, withToken: boolean): string => {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] }).replaceAll(
    "'",
    String.raw`\u0027`,
  )
  const authorization = withToken ? ' -H "Authorization: Bearer $FOREMAN_TOKEN"' : ''
  return `curl -N ${baseUrl}/api/chat${authorization} -d '${body}'`
}
