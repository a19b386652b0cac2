"""The sentences the sample's speakers say: frames with slots, in the five AI Hub categories.

Learners are asked for everyday statements, so the inventory is everyday Korean of the
beginner to intermediate course book: introductions, food, shopping, travel, health,
plans, customs. A frame is a sentence with slots; a slot may carry a particle written
for a preceding coda (``{food:을}``), which is fitted to the filler (사과를, 빵을).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from speakor_common.text import split_syllable

CATEGORIES = {1: "한국일반", 2: "한국생활I", 3: "한국생활II", 4: "한국문화I", 5: "한국문화II"}

# Two different sentences may not be closer than this (percent of matching characters): a test sentence
# that differs from a training sentence in one particle would not test anything.
MAX_SIMILARITY = 88

SLOTS: dict[str, tuple[str, ...]] = {
    "time": ("오늘", "내일", "어제", "아침에", "저녁에", "주말에", "지난주에", "다음 주에", "오후에", "밤에", "점심시간에", "방학 때"),
    "future": ("내일", "다음 주에", "이번 주말에", "방학에", "내년에", "다음 달에", "저녁에"),
    "past": ("어제", "지난주에", "지난달에", "작년에", "주말에", "오늘 아침에", "그저께"),
    "season": ("봄", "여름", "가을", "겨울"),
    "weather": ("너무 더워서", "날씨가 추워서", "비가 와서", "눈이 많이 와서", "바람이 불어서"),
    "place": ("학교", "도서관", "시장", "공원", "백화점", "식당", "회사", "집", "병원", "극장", "은행", "커피숍", "박물관", "수영장"),
    "city": ("서울", "부산", "제주도", "경주", "전주", "강릉", "인천", "대구", "수원"),
    "country": ("베트남", "중국", "일본", "미국", "태국", "러시아", "몽골", "프랑스"),
    "person": ("친구", "동생", "언니", "오빠", "어머니", "아버지", "선생님", "할머니", "남편", "룸메이트", "동료", "후배"),
    "job": ("학생", "회사원", "의사", "요리사", "선생님", "간호사", "가수", "통역사", "기자", "경찰"),
    "food": ("김치찌개", "비빔밥", "불고기", "떡볶이", "냉면", "삼겹살", "만두", "라면", "김밥", "된장찌개", "칼국수", "삼계탕"),
    "taste": ("맵지만", "달고", "짜지만", "시원하고", "뜨겁지만", "싱겁지만"),
    "drink": ("커피", "물", "녹차", "우유", "주스", "맥주", "홍차"),
    "fruit": ("사과", "수박", "딸기", "포도", "바나나", "귤", "복숭아"),
    "thing": ("가방", "신발", "책", "휴대폰", "우산", "옷", "지갑", "시계", "안경", "사진", "모자", "선물", "컴퓨터"),
    "color": ("빨간", "파란", "노란", "하얀", "까만", "초록색"),
    "vehicle": ("버스", "지하철", "기차", "비행기", "택시", "자전거"),
    "hobby": ("음악을 듣는", "책을 읽는", "그림을 그리는", "사진을 찍는", "요리를 하는", "춤을 추는", "산책을 하는", "영화를 보는"),
    "activity": ("운동을", "공부를", "청소를", "빨래를", "요리를", "숙제를", "쇼핑을", "여행을", "게임을", "일을"),
    "sport": ("축구", "수영", "농구", "태권도", "등산", "테니스", "야구"),
    "number": ("한", "두", "세", "네", "다섯", "여섯", "열"),
    "hour": ("한", "두", "세", "네", "여섯", "일곱", "여덟", "아홉", "열"),
    "month": ("한 달", "두 달", "육 개월", "일 년", "이 년", "삼 년"),
    "body": ("머리가", "배가", "목이", "허리가", "다리가", "눈이", "어깨가"),
    "often": ("자주", "가끔", "매일", "항상", "보통", "거의 매일"),
    "very": ("정말", "아주", "너무", "조금", "꽤"),
    "reason": ("재미있어서", "친절해서", "조용해서", "가까워서", "깨끗해서", "편리해서", "유명해서"),
    "holiday": ("설날", "추석", "어린이날", "한글날", "생일", "크리스마스"),
    "custom": ("떡국", "송편", "미역국", "만두", "잡채"),
    "genre": ("드라마", "영화", "노래", "소설", "뉴스", "예능 프로그램"),
    "subject": ("발음", "문법", "듣기", "말하기", "쓰기", "단어", "읽기"),
    "feeling": ("행복해요", "걱정돼요", "슬퍼요", "기뻐요", "외로워요", "긴장돼요", "즐거워요"),
    "building": ("경복궁", "남산", "한강", "동대문", "인사동", "명동", "한옥마을"),
}

# (category, frames). Category numbers and names are AI Hub's.
FRAMES: dict[int, tuple[str, ...]] = {
    1: (
        "안녕하세요 저는 {country}에서 온 {job}입니다",
        "제 취미는 {hobby} 것입니다",
        "저는 한국에서 {month} 동안 살았어요",
        "우리 가족은 모두 {number} 명이에요",
        "제 {person:은} 지금 {city}에 살고 있어요",
        "저는 {often} {place}에서 {activity} 해요",
        "{past} {person:와} 함께 {place}에 갔어요",
        "{future} {city}에 여행을 가려고 해요",
        "저는 {job:이} 되고 싶어서 열심히 공부해요",
        "한국어 {subject:이} {very} 어려워요",
        "{subject} 연습을 {often} 하면 실력이 늘어요",
        "저는 {season:을} 제일 좋아해요 왜냐하면 날씨가 좋아요",
        "{weather} 하루 종일 밖에 나가지 않았어요",
        "{weather} {person:와} 같이 산책을 못 했어요",
        "{country:은} {season:이} {very} 길어요",
        "제 고향은 한국보다 {season}에 더 추워요",
        "{person:이} 보고 싶을 때 전화를 해요",
        "한국에 처음 왔을 때 말을 못 해서 힘들었어요",
        "저는 {person:에게} 한국어를 배우고 있어요",
        "{country} 사람들은 {sport:을} 좋아해요",
        "대학교에서 한국 문학을 공부하고 있습니다",
        "졸업한 후에 {country} 회사에서 일하고 싶습니다",
        "저는 {hour} 시에 일어나서 {activity} 해요",
        "{person:은} {job:이고} 저는 학생이에요",
        "모르는 단어가 있으면 {person:에게} 물어봐요",
        "요즘 {genre:을} 보면서 한국말을 배워요",
        "{subject} 시험을 잘 봐서 기분이 좋아요",
        "{subject} 때문에 스트레스를 받을 때가 많아요",
    ),
    2: (
        "저는 {food:을} 먹고 싶어요",
        "{past} {place} 앞에서 {person:을} 만났어요",
        "{food:은} {taste} {very} 맛있어요",
        "여기 {food} {number} 그릇 주세요",
        "{drink} {number} 잔하고 {fruit:을} 샀어요",
        "{place}에 가려면 {vehicle:을} 타야 해요",
        "{place}에서 {place}까지 걸어서 십 분 걸려요",
        "{vehicle:이} 늦게 와서 약속 시간에 늦었어요",
        "이 {color} {thing:은} 얼마예요",
        "{past} 시장에서 {color} {thing:을} 싸게 샀어요",
        "{person:에게} 줄 {thing:을} 고르고 있어요",
        "{body} 아파서 병원에 갔어요",
        "{body} 아프면 약을 먹고 푹 쉬세요",
        "아침마다 {drink:을} 마시고 {fruit:을} 먹어요",
        "저는 {often} {food:을} 만들어 먹어요",
        "{fruit:이} 비싸서 {number} 개만 샀어요",
        "{place} 옆에 새로 생긴 {place:이} 있어요",
        "{thing:을} 잃어버려서 {place}에 다시 갔어요",
        "{hour} 시 반에 {place} 앞에서 만나요",
        "{drink}보다 {drink:을} 더 좋아해요",
        "{thing:을} 어디에 두었는지 기억이 안 나요",
        "{vehicle} 안에서 {thing:을} 잃어버렸어요",
        "{food:은} 처음 먹었는데 생각보다 맛있었어요",
        "{person:이} 만든 {food:을} 먹고 싶어요",
        "{drink:을} 많이 마셔서 잠이 안 와요",
        "우리 집 근처에는 {place:이} 없어서 불편해요",
        "{time} 냉장고에 있는 {fruit:을} 다 먹었어요",
        "감기에 걸려서 {activity} 못 했어요",
        "{color} 옷을 입은 사람이 제 {person:이에요}",
    ),
    3: (
        "{place}에서 아르바이트를 {month} 동안 했어요",
        "{person:와} 같이 살아서 {very} {feeling}",
        "방을 구할 때 {place:이} 가까운지 봐야 해요",
        "집에서 {place}까지 {vehicle:로} 삼십 분쯤 걸립니다",
        "퇴근한 다음에 {person:와} {sport:을} 해요",
        "{sport:은} 어렵지만 건강에 좋습니다",
        "{past} 이사를 해서 {activity} 못 했어요",
        "저는 주말마다 집에서 {activity} 합니다",
        "{place:은} {reason} 자주 가는 곳이에요",
        "{city:은} {reason} 살기 좋은 도시입니다",
        "{thing:이} 고장 나서 새로 사야 해요",
        "인터넷으로 {thing:을} 샀는데 마음에 안 들어요",
        "{person:에게} {thing:을} 빌려주고 아직 못 받았어요",
        "{time} 약속이 있어서 {activity} 안 했어요",
        "외국인 등록증을 만들려고 {past} 서류를 냈어요",
        "회의가 {hour} 시에 시작하니까 늦지 마세요",
        "{person:이} 도와줘서 일을 빨리 끝냈어요",
        "실수를 해서 {person:에게} 사과했습니다",
        "{month} 후에 고향에 돌아갈 계획이에요",
        "돈을 모아서 {country:로} 여행을 가고 싶어요",
        "쓰레기를 버릴 때는 종류별로 나눠야 합니다",
        "{place}에서는 큰 소리로 말하면 안 돼요",
        "{vehicle:을} 탈 때 {thing:을} 꼭 확인하세요",
        "은행에 가서 통장을 만들고 {place}에 들렀어요",
        "{person} 생각을 하면 {very} {feeling}",
        "시험이 끝나면 {person:와} {city}에 놀러 갈 거예요",
        "{hour} 시간 동안 {activity} 했더니 피곤해요",
        "{often} 운동을 하니까 {body} 안 아파요",
    ),
    4: (
        "한국에서는 {holiday}에 {custom:을} 먹습니다",
        "{holiday:은} 가족이 모두 모이는 날이에요",
        "{holiday}에 {person:에게} {thing:을} 선물했어요",
        "{person} 생일에 {custom:을} 만들어 줬어요",
        "한국 {genre:은} 이야기가 재미있어서 인기가 많아요",
        "저는 한국 {genre:을} {often} 봅니다",
        "{building:은} 외국 사람들에게 유명한 곳입니다",
        "{past} {building}에서 {thing:을} 샀습니다",
        "{building}에 가면 한복을 입어 볼 수 있어요",
        "어른께 물건을 드릴 때는 두 손으로 드려야 합니다",
        "집에 들어갈 때는 신발을 벗어야 해요",
        "한국 사람들은 {food:을} {often} 먹는 것 같아요",
        "{country}에도 {holiday:과} 비슷한 날이 있어요",
        "{person:와} 함께 {building:을} 구경했습니다",
        "{country} 음식은 한국 음식보다 더 {very} 달아요",
        "밥을 먹기 전에 잘 먹겠습니다라고 말해요",
        "{holiday}에는 {place} 문을 닫으니까 미리 가세요",
        "{custom:을} 만드는 방법을 {person:에게} 배웠어요",
        "처음 만난 사람에게는 높임말을 써야 합니다",
        "{season}에는 {building}에 꽃이 많이 핍니다",
        "{season}이 되면 {person:와} {city}에 가요",
        "아이들은 {holiday}에 세뱃돈을 받아요",
        "{food:은} 한국을 대표하는 음식이라고 생각해요",
    ),
    5: (
        "{building}에서 {building}까지 {vehicle:로} 갈 수 있어요",
        "한국의 교통은 {reason} 외국인도 쉽게 탈 수 있어요",
        "요즘 젊은 사람들은 {genre:을} 많이 봅니다",
        "{country:와} 한국은 문화가 많이 다릅니다",
        "{country}에서는 밥을 먹을 때 젓가락을 쓰지 않아요",
        "저는 {country} 문화를 {person:에게} 소개했어요",
        "한국 사람은 {sport} 경기를 보면서 응원을 합니다",
        "{genre:을} 보고 한국에 관심이 생겼습니다",
        "한국 {genre:은} 세계에서 인기가 높아졌어요",
        "환경을 지키기 위해서 {thing:을} 아껴 써야 합니다",
        "{city}에는 오래된 건물이 많이 남아 있습니다",
        "{city:은} {season}에 축제가 열려서 사람이 많아요",
        "인터넷이 빨라서 {genre:을} 보기가 편해요",
        "한국의 {job:은} 바쁘지만 친절한 것 같습니다",
        "부모님께서는 제가 {job:이} 되기를 바라십니다",
        "{person:은} {hobby} 것을 {very} 좋아하십니다",
        "{building} 근처에서 {food:을} 파는 가게를 찾았어요",
        "옛날에는 {vehicle:이} 없어서 걸어서 다녔습니다",
        "{future} {person:와} {genre:을} 보기로 약속했어요",
        "한글은 세종대왕이 만든 글자입니다",
        "{country} 사람들도 {custom:을} 먹는지 궁금해요",
        "{season} 바다를 보면 마음이 편안해집니다",
        "사람들은 {season}에 {food:을} 많이 먹어요",
    ),
}

# What an examiner asks, by category; an answer is any sentence of that category.
QUESTIONS: dict[int, str] = {
    1: "자기소개를 해 보세요",
    2: "무엇을 먹고 무엇을 사는지 말해 보세요",
    3: "한국 생활에 대해서 말해 보세요",
    4: "한국 문화에 대해서 아는 것을 말해 보세요",
    5: "한국과 고향의 문화를 비교해 보세요",
}

# Particle pairs: after a coda / after a vowel.
_PARTICLES = {
    "은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "와": ("과", "와"), "과": ("과", "와"),
    "로": ("으로", "로"), "에게": ("에게", "에게"), "이고": ("이고", "고"), "이에요": ("이에요", "예요"),
}  # fmt: skip
_SLOT = re.compile(r"\{(\w+)(?::([가-힣]+))?\}")


@dataclass(frozen=True)
class Prompt:
    """One thing speakers are asked to say.

    Attributes:
        prompt_id: AI Hub sentenceID without its L1 prefix: category, subtopic, task
            (R read, Q question), group, three-digit item.
        text: the sentence, normalised Korean.
        question: the question answered, ``""`` for read items.
    """

    prompt_id: str
    text: str
    question: str

    @property
    def category(self) -> int:
        return int(self.prompt_id[0])

    @property
    def task(self) -> str:
        return self.prompt_id[2]


def build_prompts(count: int, seed: int, answer_share: float = 0.35) -> list[Prompt]:
    """Draw ``count`` clearly different sentences, spread over categories and frames.

    Raises:
        ValueError: the frames cannot give that many sentences.
    """
    rng = random.Random(seed)
    frames = [(category, i, frame) for category, rows in FRAMES.items() for i, frame in enumerate(rows)]
    texts: list[str] = []
    prompts: list[Prompt] = []
    for round_number in range(60):
        rng.shuffle(frames)
        for category, index, frame in frames:
            text = fill(frame, rng)
            if process.extractOne(text, texts, scorer=fuzz.ratio, score_cutoff=MAX_SIMILARITY):
                continue
            task = "Q" if rng.random() < answer_share else "R"
            texts.append(text)
            item = f"{category}{index % 4 + 1}{task}{'ABC'[round_number % 3]}{len(texts):03d}"
            prompts.append(Prompt(item, text, QUESTIONS[category] if task == "Q" else ""))
            if len(prompts) == count:
                return prompts
    raise ValueError(f"the frames gave {len(prompts)} different sentences, {count} were asked for; add frames or slots")


def fill(frame: str, rng: random.Random) -> str:
    """Fill every slot of a frame, no filler twice, particles fitted to their word."""
    used: set[str] = set()

    def one(match: re.Match[str]) -> str:
        filler = rng.choice([f for f in SLOTS[match[1]] if f not in used])
        used.add(filler)
        return filler + (fit_particle(filler, match[2]) if match[2] else "")

    return _SLOT.sub(one, frame)


def fit_particle(word: str, particle: str) -> str:
    """Choose a particle's form by the word's last coda; ㄹ counts as a vowel before 로."""
    after_coda, after_vowel = _PARTICLES[particle]
    coda = split_syllable(word[-1])[2]
    if particle == "로" and coda == "ᆯ":
        return after_vowel
    return after_coda if coda else after_vowel
