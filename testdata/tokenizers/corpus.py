"""Texts that tokenizers disagree on, and a little of many languages to train small vocabularies on."""

import random

TRAINING = """
The quick brown fox jumps over the lazy dog. It's a well-known sentence; they've used it, we'll use it, I'd say.
A witness does not answer the question that was asked, but the question as it was understood.
Der Zug fährt um 17:45 Uhr über die Brücke nach Köln; Straßenbahnen fahren häufiger.
L'été dernier, nous avons mangé des crêpes près de la rivière où l'eau était très claire.
El niño comió una manzana y después corrió hacia la montaña con su perro pequeño.
Наука начинается там, где начинают измерять. Точная наука немыслима без меры.
Η γνώση είναι δύναμη, αλλά η σοφία είναι ελευθερία.
今日はとても良い天気ですね。明日は雨が降るかもしれません。東京から京都まで新幹線で行きます。
学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？
한국어는 배우기 어렵지만 재미있습니다. 내일 다시 만나요.
हिन्दी भाषा में लिखा गया एक छोटा वाक्य। यह परीक्षण के लिए है।
السلام عليكم ورحمة الله وبركاته. هذا نص قصير للاختبار.
def merge(left, right):\n    if left is None:\n        return right\n    return [x for x in left + right if x > 0]
for (int i = 0; i < 1000; ++i) { sum += values[i] * 2; }  // the sum of 1000 values
{"name": "value", "list": [1, 2, 3, 10, 100, 1000, 2048, 65536], "nothing": null}
In 1999, 2000 and 2024 there were 123456789 of them, about 3.14159 each; 50% of 1,000,000 is 500,000.
Emoji: 👩‍👩‍👧‍👦 family, 🇩🇪 flag, 👍🏽 thumb, ❤️ heart, 🏳️‍🌈 rainbow, 😀😃😄.
the of and to in is that for it was on are as with his they at be this from have or by one had not but what all
were when we there can an your which their said if do will each about how up out them then she many some so these
""".replace("\\n", "\n")

FIXED = [
    "a", " a", "  a", "a ", "a  ", " ", "  ", "   ", " " * 17, "\t", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n",
    "\r", " \n", "\n ", "a\nb", "a \n b", "a\r\nb\r\n", "\t\tx", "x \t \n\n  y", "a\u00a0b", "\u3000x\u2003y", "\u2028\u2029",
    "\u0085", "\u000b\u000c", "\u001c\u001d\u001e\u001f", "\x00", "a\x00b", "\x01\x02\x03\x04", "!\x04!", "\x7f\x80",
    "Hello world", "Hello, World! It's 2024.", "don't DON'T Don'T I'VE i'Ll you'RE he'D 'tis 'S", "''s''", "’s it’s",
    "1", "12", "123", "1234", "12345", "1234567890", "3.14159", "1,000,000", "x1y22z333", "٣٤٥", "१२३४", "½ ² ⅷ 一二三", "𝟏𝟐𝟑",
    "über straße", "u\u0308ber", "é e\u0301", "ffi ﬁ ﬃ", "Å Å Å", "\u0301\u0302\u0303", "a\u0300\u0301\u0302\u0303\u0304b",
    "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪🇫🇷", "❤️", "🏳️‍🌈", "\u200d\u200d", "x\u200bz\ufeff", "\u202eabc", "😀 😃😄",
    "Наука там, где мера", "Η γνώση", "今日は良い天気", "学而时习之，不亦说乎？", "한국어는", "हिन्दी में", "السلام عليكم", "ไทย",
    "\ufffd", "a\ufffd\ufffdb", "\uffff\ufffe", "\U0010ffff", "\ue000", "\u2581", "\u2581a", "a\u2581\u2581b", " \u2581 ",
    "Ġ", "Ċ", "Ġthe", "ĠĠ", "<0x41>", "<0x0A>", "<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>user", "<|endoftext|>",
    "<|begin_of_text|>x<|eot_id|>", "<bos><start_of_turn>user", "[INST] x [/INST]", "<think></think>", "<extra>", "<extra><extra>",
    "!!!???...", "--- === ***", "a--b", "$5 €5 £5", "\\n\\t", "C:\\path\\to", "https://a.example/b?c=d&e=%20#f", "a@b.example",
    "def f(x):\n    return x\n", "if (a) {\n\t\tb();\n}\n", "   indented\n      more", "{\"a\": [1, 2]}", "<div class=\"x\">&amp;</div>",
    "the the the the", "thethethethe", "ththth", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ababababababababab", "abcabcabcabc",
    "the" * 60, "é" * 40, "👍" * 20, "9" * 50, "\n" * 20, " \n" * 12, "a " * 30, "-" * 64, "_" * 33, "Donaudampfschifffahrtsgesellschaft" * 4,
]

ALPHABETS = [
    "ab ", "the and of", "  \n\t\r", "aé\u0301ü", "01239,. ", "'sStTrReEvVmMlLdD ", "👩👍🏽\u200d❤\ufe0f ", "今日は学而ひ。", "\u2581 a", "Наукα ",
    "\x00\x04\x1f\x7f\u0085\u00a0a", "<|>_/[]sINT", "﷽ﬁ\u202e\ufeff\u2028x", "{}[]()=;\n\t ", "abcdefghijklmnopqrstuvwxyz",
]


def texts():
    """The fixed ones, then random words over small alphabets; always the same."""
    chance = random.Random(9)
    drawn = []
    for alphabet in ALPHABETS:
        for _ in range(6):
            drawn.append("".join(chance.choice(alphabet) for _ in range(chance.randrange(3, 40))))
    for _ in range(20):
        drawn.append("".join(chance.choice(chance.choice(ALPHABETS)) for _ in range(50)))
    return list(dict.fromkeys([""] + FIXED + drawn))
