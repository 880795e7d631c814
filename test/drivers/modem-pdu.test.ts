// Text messages in PDU mode against octets that others computed: the classic examples of the 3GPP tutorials, the
// test vectors of python-gsmmodem, and the output of node-sms-pdu 0.3.0 for the texts of a premises.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, septetsOf, textOf, unpack } from '../../drivers/serial/modem/gsm7.ts';
import {
  decodeDeliver,
  encodeSubmit,
  mostParts,
  plainNumber,
  validityOctet,
} from '../../drivers/serial/modem/pdu.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe('the seven-bit alphabet', () => {
  it('packs as python-gsmmodem and 3GPP do', () => {
    const vectors: [string, number[]][] = [
      ['123', [49, 217, 12]],
      ['12345678', [49, 217, 140, 86, 179, 221, 112]],
      ['123456789', [49, 217, 140, 86, 179, 221, 112, 57]],
      ['Hello World!', [200, 50, 155, 253, 6, 93, 223, 114, 54, 57, 4]],
      ['[{abc}]~', [27, 222, 6, 21, 22, 143, 55, 169, 141, 111, 211, 3]],
      ['{åΦΓΛΩΠΨΣΘ€}', [27, 212, 67, 50, 161, 84, 44, 23, 76, 102, 83, 222, 164, 0]],
      ['a[]{}€', [225, 13, 111, 227, 219, 160, 54, 169, 77, 25]],
    ];
    for (const [text, octets] of vectors) {
      const septets = septetsOf(text)!.flat();
      expect([...pack(septets)]).toEqual(octets);
      expect(textOf(unpack(Uint8Array.from(octets), septets.length))).toBe(text);
    }
    expect(septetsOf('世界您好！')).toBeUndefined();
    expect(septetsOf('\x1b')).toBeUndefined();
  });

  it('gives back what it packed, with any fill bits', () => {
    const septets = fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 160 });
    fc.assert(
      fc.property(septets, fc.integer({ min: 0, max: 6 }), (codes, skip) => {
        expect(unpack(pack(codes, skip), codes.length, skip)).toEqual(codes);
      }),
    );
  });
});

describe('a message that goes out', () => {
  it('is the classic hellohello, and those of other programs', () => {
    expect(encodeSubmit('+46708251358', 'hellohello', { validityMs: 4 * dayMs })).toEqual([
      { pdu: '0011000B916407281553F80000AA0AE8329BFD4697D9EC37', length: 23 },
    ]);
    expect(encodeSubmit('+27820001111', 'Hello World!')).toEqual([
      { pdu: '0001000B917228001011F100000CC8329BFD065DDF72363904', length: 24 },
    ]);
    // python-gsmmodem, there with a service centre before it
    expect(encodeSubmit('+123456789', '世界您好！', { validityMs: 52 * 7 * dayMs })[0]!.pdu).toBe(
      '001100099121436587F90008F40A4E16754C60A8597DFF01',
    );
    expect(encodeSubmit('09012345678', 'How are you doing?')).toEqual([
      { pdu: '0001000B819010325476F8000012C8F71D14969741F9771D447EA7DDE71F', length: 29 },
    ]);
    expect(encodeSubmit('09012345678', 'こんにちわ')).toEqual([
      { pdu: '0001000B819010325476F800080A30533093306B3061308F', length: 23 },
    ]);
    expect(encodeSubmit('+8613800000000', '气体报警 Gas alarm 😀')).toEqual([
      {
        pdu: '0001000D91683108000000F00008226C144F5362A58B66002000470061007300200061006C00610072006D0020D83DDE00',
        length: 48,
      },
    ]);
    expect(encodeSubmit('10086', '[gas] {alarm} 12€')).toEqual([
      { pdu: '00010005810180F60000161BDE393CDFF8401B54981D96B73729504CB62903', length: 30 },
    ]);
  });

  it('that is long goes in parts, Chinese by 67 characters', () => {
    const text = '【火警】人民路店 中庭 烟感报警，请立即到现场确认。'.repeat(4);
    const sentence =
      '3010706B8B6630114EBA6C118DEF5E9700204E2D5EAD002070DF611F62A58B66FF0C8BF77ACB5373523073B0573A786E8BA43002';
    expect(encodeSubmit('+8613800000000', text)).toEqual([
      {
        pdu: `0041000D91683108000000F000088C050003000201${sentence}${sentence}${sentence.slice(0, 60)}`,
        length: 154,
      },
      {
        pdu: `0041000D91683108000000F0000850050003000202${sentence.slice(60)}${sentence}`,
        length: 94,
      },
    ]);
    expect(encodeSubmit('+8613800000000', text, { reference: 0x1c3 })[0]!.pdu).toContain('050003C30201');
  });

  it('that is long goes in parts, others by 153', () => {
    const text =
      'SMS (short message service) is a text messaging service component of most telephone, Internet, and mobile device systems. It uses standardized communication protocols to enable mobile devices to exchange short text messages. An intermediary service can facilitate a text-to-voice conversion to be sent to landlines.';
    expect(encodeSubmit('09012345678', text)).toEqual([
      {
        pdu: '0041000B819010325476F80000A0050003000301A6CD29083547BFE57450BB3C9F87CF65D0BC2CB7A7C7E514283D078541F4329E0E6A97E7F3F039ED3E83E665B93D3D2E83C6EF36FCED2EBBE9A0B719D47ECFE9207A995D86A3DFEE320B9474D3CB727799CE0285DD6450FB2D4EB3CB2072D99E1E9741F3FC9C5E6ECF5DA0241D549F97E7A0393DEC2687E5E4B4BE4C068DDFED76DD9D1E87E9',
        length: 153,
      },
      {
        pdu: '0041000B819010325476F80000A0050003000302D26F37082E7FD3DFE3377B0EA2BF41657758CC2E83DA6F719A5D0691CBF6F4B83C07D1DFA0327E8C0EBBCF65D01CFD96D341F4329E0E6A97E7F3F0B93C7781826E50DA4D2FCBDB65723A2CCF83E665B93D3D2E83C66137C81C1EA7D9697A985E068541F4329EDEA2BF5BF6777A5C068DDF6E7B593E4FBFDD20FA1B242E83E665371D447F83D8',
        length: 153,
      },
      { pdu: '0041000B819010325476F8000010050003000303C26E323BED2ECF5D', length: 27 },
    ]);
  });

  it('never tears a character, and ends in an ellipsis where it is longer than ten parts', () => {
    // 66 characters and a pair of surrogates at the edge
    const parts = encodeSubmit('10086', `${'警'.repeat(66)}😀${'报'.repeat(5)}`);
    expect(parts[0]!.pdu.endsWith('8B66')).toBe(true);
    expect(parts[1]!.pdu).toContain('050003000202D83DDE00');
    const cut = encodeSubmit('10086', '警'.repeat(1000));
    expect(cut).toHaveLength(mostParts);
    expect(cut.at(-1)!.pdu.endsWith('8B662026')).toBe(true);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 900 }), (text) => {
        for (const { pdu, length } of encodeSubmit('+8613800000000', text)) {
          expect(pdu.length / 2).toBe(length + 1);
          expect(length).toBeLessThanOrEqual(155);
        }
      }),
    );
  });

  it('has a validity that is rounded up, and a number as people write it', () => {
    // python-gsmmodem
    expect(validityOctet(30 * 60_000)).toBe(5);
    expect(validityOctet(16 * hourMs)).toBe(151);
    expect(validityOctet(3 * dayMs)).toBe(169);
    expect(validityOctet(35 * dayMs)).toBe(197);
    expect(validityOctet(dayMs)).toBe(0xa7);
    expect(validityOctet(1000 * dayMs)).toBe(255);
    expect(plainNumber('+86 138-0000 (0000)')).toBe('+8613800000000');
    for (const wrong of ['', '12', '+86x', 'reception', '++8613800000000', '1'.repeat(21)])
      expect(plainNumber(wrong)).toBeUndefined();
  });
});

describe('a message that comes in', () => {
  it('is the classic one, and those that python-gsmmodem and a network gave', () => {
    expect(decodeDeliver('07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37')).toEqual(
      {
        number: '27838890001',
        text: 'hellohello',
        sentAtMs: Date.parse('2099-03-29T15:16:59+02:00'),
        part: undefined,
      },
    );
    expect(decodeDeliver('06917228195339040B917228214365F700003130805120618005D4F29C2E03')).toEqual({
      number: '+27821234567',
      text: 'Test2',
      sentAtMs: Date.parse('2013-03-08T15:02:16+02:00'),
      part: undefined,
    });
    expect(
      decodeDeliver(
        '07915892000000F0040B915892214365F700007040213252242331493A283D0795C3F33C88FE06C9CB6132885EC6D341EDF27C1E3E97E7207B3A0C0A5241E377BB1D7693E72E',
      ),
    ).toMatchObject({
      text: 'It is easy to read text messages via AT commands.',
      sentAtMs: Date.parse('2007-04-12T23:25:42+08:00'),
    });
    expect(
      decodeDeliver('06917228195339040B917228214365F70000313062315352800A800D8A5E98D337A910'),
    ).toMatchObject({ text: '@{tést}!' });
    expect(
      decodeDeliver(
        '0591721891F1400781721881F800003160526104848059050003C30101916536FB1DCABEEB2074D85E064941B19CAB060319A5C522289C96D3D3ED32286C0FA7D96131BBEC024941B19CAB0603DDD36C36A88C87A7E565D0DB0D82C55EB0DB4B068BCD5C20',
      ),
    ).toMatchObject({
      number: '2781188',
      text: 'Hello!You have R 19.50 FREE airtime available. R 19.50 will expire on 01/07/2013. ',
      part: { reference: 0xc3, total: 1, number: 1 },
    });
  });

  it('in Chinese, from a named sender, in another alphabet', () => {
    // the delivered form of node-sms-pdu's こんにちわ, and 收到 by the code table
    expect(decodeDeliver('00040B819010325476F80008621122010000230A30533093306B3061308F')).toMatchObject({
      number: '09012345678',
      text: 'こんにちわ',
      sentAtMs: Date.parse('2026-11-22T10:00:00+08:00'),
    });
    expect(decodeDeliver('00040B819010325476F8000862112201000023046536'.concat('5230'))).toMatchObject({
      text: '收到',
    });
    // python-gsmmodem's address FRANCOIS
    expect(decodeDeliver('00040ED04669D0397C26A7000062112201000023027A35')).toMatchObject({
      number: 'FRANCOIS',
    });
    expect(decodeDeliver('00040B819010325476F80004621122010000230361620A')).toMatchObject({ text: 'ab\n' });
  });

  it('is nothing else', () => {
    // a status report, a submit, half a message, no octets
    for (const pdu of [
      '0006D60B911326880736F4111011719551401110117195714000',
      '0011000B916407281553F80000AA0AE8329BFD4697D9EC37',
      '07917283010010F5040BC8723888',
      '0',
      'ZZ',
      '',
    ])
      expect(decodeDeliver(pdu)).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeDeliver(Buffer.from(bytes).toString('hex'));
      }),
    );
  });
});
