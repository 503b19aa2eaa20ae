/** The methods of Ollama's routes, as its router lists them in `Allow`. A trailing `/` stands for one more segment. */
const routes: Readonly<Record<string, readonly string[]>> = {
  '/': ['GET', 'HEAD'],
  '/api/version': ['GET', 'HEAD'],
  '/api/tags': ['GET', 'HEAD'],
  '/api/status': ['GET'],
  '/api/ps': ['GET'],
  '/api/show': ['POST'],
  '/api/chat': ['POST'],
  '/api/generate': ['POST'],
  '/api/embed': ['POST'],
  '/api/embeddings': ['POST'],
  '/api/pull': ['POST'],
  '/api/push': ['POST'],
  '/api/create': ['POST'],
  '/api/copy': ['POST'],
  '/api/delete': ['DELETE'],
  '/api/blobs/': ['POST', 'HEAD'],
  '/api/me': ['POST'],
  '/api/signout': ['POST'],
  '/v1/chat/completions': ['POST'],
  '/v1/completions': ['POST'],
  '/v1/embeddings': ['POST'],
  '/v1/responses': ['POST'],
  '/v1/models': ['GET'],
  '/v1/models/': ['GET'],
  '/v1/messages': ['POST'],
  '/v1/audio/transcriptions': ['POST'],
}

/** @param path decoded; @returns undefined for a path that Ollama does not have */
export const methodsOf = (path: string): readonly string[] | undefined =>
  routes[path] ?? routes[path.replace(/[^/]+$/, '')]
