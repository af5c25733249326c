export { LoginAttempts } from './attempts.js';
export type { ConsoleBackend, ConsoleGuard, ConsoleUser, EventWriting, FaultDesk, LiveSource } from './backend.js';
export { ConsoleServer, type ConsoleServerOptions } from './console-server.js';
export { isLoopback, LoginCodes } from './login-codes.js';
export { pageFolder } from './page.js';
export { ConsoleProblem, notFound } from './problem.js';
export { known, SeriesRing } from './series-ring.js';
