import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { geometryModule } from './geometry.mjs';

writeFileSync(fileURLToPath(new URL('../src/map/coasts.ts', import.meta.url)), geometryModule());
