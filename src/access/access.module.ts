import { Module } from '@nestjs/common';
import { Access } from './access.js';

@Module({ providers: [Access], exports: [Access] })
export class AccessModule {}
