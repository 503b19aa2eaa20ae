export { type Recording, recording, recordings } from './recording.ts'
export { serve, serveRaw } from './stand-in.ts'
