export * from './recording.ts'
export { serve, serveRaw } from './serve.ts'
export { startStandIn } from './stand-in.ts'
