import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { ConfigModule } from './config.module.js';
import { GatewayConfig } from './schema/gateway-config.js';
import { parseConfig } from './load/load-config.js';

@Injectable()
class Consumer {
  constructor(readonly config: GatewayConfig) {}
}

@Module({ providers: [Consumer] })
class SomeModule {}

describe('ConfigModule', () => {
  it('gives the one snapshot to whoever asks for its class, without being imported there', async () => {
    const config = parseConfig({
      backends: [{ id: 'a', kind: 'ollama', baseUrl: 'http://a' }],
      models: [{ id: 'm', targets: ['a/m'] }],
    });
    const module = await Test.createTestingModule({
      imports: [ConfigModule.for(config), SomeModule],
    }).compile();
    expect(module.get(Consumer, { strict: false }).config).toBe(config);
  });
});
