export { serve, serveRaw } from './stand-in.ts'
