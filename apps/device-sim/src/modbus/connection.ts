import type { Socket } from 'node:net';
import { type Clock, isAbort, milliseconds } from '@venfleet/core';
import type { FrameFault } from '../faults/frame-fault.js';
import { putException, SERVER_DEVICE_FAILURE, TARGET_FAILED_TO_RESPOND } from './exceptions.js';
import {
  frameLength,
  HEADER_BYTES,
  INCOMPLETE,
  MAX_FRAME_BYTES,
  NOT_A_FRAME,
  transactionIdOf,
  unitIdOf,
  writeHeader,
} from './mbap.js';
import { answerPdu } from './pdu.js';
import type { ModbusUnit } from './unit.js';

/** What a connection needs of its gateway. */
export interface GatewayContext {
  /** By unit id, 0…255. */
  readonly units: readonly (ModbusUnit | undefined)[];
  /** A device has thrown; its answer is exception 4. */
  deviceFailed(unit: ModbusUnit, error: unknown): void;
  readonly clock: Clock;
  readonly counters: { requests: number; exceptions: number; malformed: number };
}

/** Answers are put together here and copied out: everything between is synchronous, so all connections share it. */
const scratch = Buffer.allocUnsafeSlow(32_768);
const NOTHING = Buffer.alloc(0);

/**
 * One client. All requests that have arrived are answered in order and in one write. While the
 * client does not take its answers, or one of them is late by a fault, nothing more is read from it: what
 * it can make us hold is one chunk of requests and one scratch of answers.
 */
export class ModbusConnection {
  readonly #socket: Socket;
  readonly #gateway: GatewayContext;
  readonly #closed = new AbortController();
  /** Has arrived and is not answered. */
  #input: Buffer = NOTHING;
  /** The socket holds answers that the client does not take. */
  #choked = false;
  /** An answer is on its way that is late. */
  #late = false;
  /** Sweeps of the gateway since anything moved. */
  #quietSweeps = 0;

  constructor(socket: Socket, gateway: GatewayContext) {
    this.#socket = socket;
    this.#gateway = gateway;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('drain', () => this.#drained());
    // A reset by the peer; 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed.abort());
  }

  get quietSweeps(): number {
    return this.#quietSweeps;
  }

  /** Called by the gateway at even intervals; gives how many have passed since anything moved. */
  sweep(): number {
    return ++this.#quietSweeps;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#quietSweeps = 0;
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    this.#answerAll();
  }

  #drained(): void {
    this.#quietSweeps = 0;
    this.#choked = false;
    this.#goOn();
  }

  #goOn(): void {
    this.#answerAll();
    if (!this.#choked && !this.#late) this.#socket.resume();
  }

  #answerAll(): void {
    const input = this.#input;
    let at = 0;
    let filled = 0;
    while (!this.#choked && !this.#late && !this.#socket.destroyed) {
      const length = frameLength(input, at, input.length);
      if (length === INCOMPLETE) break;
      if (length === NOT_A_FRAME) {
        this.#send(filled);
        this.#gateway.counters.malformed++;
        this.close();
        return;
      }
      const unit = this.#gateway.units[unitIdOf(input, at)];
      const fault = unit?.device.faults?.next();
      if (fault === undefined) {
        if (unit === undefined) filled += this.#refuse(TARGET_FAILED_TO_RESPOND, input, at, filled);
        else filled += this.#answer(unit, input, at, length, filled);
        if (filled > scratch.length - MAX_FRAME_BYTES) filled = this.#send(filled);
      } else {
        filled = this.#send(filled);
        this.#answerFaulty(unit as ModbusUnit, fault, input, at, length);
      }
      at += length;
    }
    this.#send(filled);
    this.#keep(input, at);
    if (this.#choked || this.#late) this.#socket.pause();
  }

  /** Puts the answer to the frame of `length` at `at` into the scratch and gives its length. */
  #answer(unit: ModbusUnit, input: Buffer, at: number, length: number, outAt: number): number {
    try {
      const pduBytes = answerPdu(unit, input, at + HEADER_BYTES, at + length, scratch, outAt + HEADER_BYTES);
      return this.#frame(input, at, pduBytes, outAt);
    } catch (error) {
      this.#gateway.deviceFailed(unit, error);
      return this.#refuse(SERVER_DEVICE_FAILURE, input, at, outAt);
    }
  }

  #refuse(exception: number, input: Buffer, at: number, outAt: number): number {
    const functionCode = input[at + HEADER_BYTES] as number;
    return this.#frame(input, at, putException(scratch, outAt + HEADER_BYTES, functionCode, exception), outAt);
  }

  /** Puts the header before a PDU in the scratch and gives the frame's length. */
  #frame(input: Buffer, at: number, pduBytes: number, outAt: number): number {
    const { counters } = this.#gateway;
    counters.requests++;
    if (((scratch[outAt + HEADER_BYTES] as number) & 0x80) !== 0) counters.exceptions++;
    writeHeader(scratch, outAt, transactionIdOf(input, at), unitIdOf(input, at), pduBytes);
    return HEADER_BYTES + pduBytes;
  }

  #answerFaulty(unit: ModbusUnit, fault: FrameFault, input: Buffer, at: number, length: number): void {
    if (fault.outcome === 'silence') return;
    if (fault.outcome === 'drop') {
      this.close();
      return;
    }
    const isRefused = fault.outcome === 'exception';
    const bytes = isRefused ? this.#refuse(fault.exception, input, at, 0) : this.#answer(unit, input, at, length, 0);
    const id = (transactionIdOf(input, at) + fault.transactionOffset) & 0xffff;
    writeHeader(scratch, 0, id, unitIdOf(input, at), bytes - HEADER_BYTES);
    const answer = Buffer.concat([fault.junk ?? NOTHING, scratch.subarray(0, bytes)]);
    if (fault.delayMs === 0 && fault.pieces === 1) this.#write(answer);
    else void this.#sendLate(answer, fault);
  }

  /** Later requests of this client wait, as behind one serial line: answers keep their order. */
  async #sendLate(answer: Buffer, { delayMs, pieces, gapMs }: FrameFault): Promise<void> {
    this.#late = true;
    const { clock } = this.#gateway;
    const { signal } = this.#closed;
    const size = Math.ceil(answer.length / pieces);
    try {
      if (delayMs > 0) await clock.sleep(milliseconds(delayMs), signal);
      for (let at = 0; at < answer.length; at += size) {
        if (at > 0) await clock.sleep(milliseconds(gapMs), signal);
        this.#write(answer.subarray(at, at + size));
      }
    } catch (error) {
      if (isAbort(error)) return;
      throw error;
    }
    this.#late = false;
    this.#goOn();
  }

  /** Sends the first `filled` bytes of the scratch; gives 0, how full it is then. */
  #send(filled: number): 0 {
    if (filled > 0) {
      const answers = Buffer.allocUnsafe(filled);
      scratch.copy(answers, 0, 0, filled);
      this.#write(answers);
    }
    return 0;
  }

  #write(bytes: Buffer): void {
    if (!this.#socket.write(bytes)) this.#choked = true;
  }

  /** Keeps what is not answered. The start of a frame is copied, so that it does not hold the chunk it came in. */
  #keep(input: Buffer, at: number): void {
    const left = input.length - at;
    if (left === 0) this.#input = NOTHING;
    else if (left > MAX_FRAME_BYTES) this.#input = input.subarray(at);
    else if (at > 0) this.#input = Buffer.from(input.subarray(at));
  }
}
