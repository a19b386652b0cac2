"""The lexicon of counters: word lists, and nothing else.

What they mean for a number is decided in :mod:`speakor_common.text.numbers.counters`. A word
belongs in a list of one series only where everybody says it so; a noun that stands in none is
taken for unsure.
"""

# Counted in the native series: 세 개.
NATIVE_COUNTERS = (
    "개 명 살 시간 달 번째 째 마리 잔 병 사람 가지 그릇 송이 켤레 벌 군데 곳 채 배 끼 통 줄 칸 "
    "쌍 그루 조각 자루 다발 포기 척 방울 모금 접시 상자 봉지 봉투 갑 묶음 캔 컵 스푼 숟가락 "
    "숟갈 젓가락 바퀴 걸음 발자국 발짝 차례 곡 마디 글자 톨 알 갈래 식구 가구 종류 나라 바구니 "
    "박스 팩 과목 가닥 토막 뭉치 골 자리 단어 문장 시"
).split()

# Counted in the Sino-Korean series: 삼 층.
SINO_COUNTERS = (
    "년 년대 년도 년차 연대 학년 학년도 학기 학번 월 월달 개월 일 일차 주 주일 주년 주차 주간 "
    "분간 초 초간 세기 세 교시 박 원 도 점 등 위 등급 급 차 회 회차 인 인분 인용 인실 인승 층 "
    "층짜리 호 호실 호선 호차 호점 호기 호봉 동 번지 번길 번가 번출구 번홈 번방 번버스 번문제 "
    "번타자 가 개국 개국어 개년 개소 개사 개교 평 페이지 라운드 차원 차로 차선 루 강 승 패 무 "
    "관왕 악장 막 절 항 조 탄 군 과 학점 형제 계절 배속 심 부작 반 부 관 분기 사분기 승강장 "
    "진법 중주 중창"
).split()

# Units of measure and money: Sino-Korean, and always words of their own (오 미터).
MEASURES = (
    "달러 유로 엔 위안 파운드 페소 루블 센트 퍼센트 퍼센트포인트 프로 킬로 킬로그램 킬로미터 "
    "미터 센티 센티미터 밀리 밀리미터 밀리리터 리터 그램 톤 제곱미터 평방미터 세제곱미터 헥타르 "
    "인치 피트 마일 야드 노트 볼트 와트 킬로와트 칼로리 킬로칼로리 바이트 메가 메가바이트 기가 "
    "기가바이트 테라 테라바이트 비트 픽셀 화소 헤르츠 데시벨 광년"
).split()

# Either, with nothing that decides; first those more often native.
NATIVE_OR_SINO = "세트 팀 그룹 집 방 단 면 문제 게임 터미널 학생 음절 부분".split()

SINO_OR_NATIVE = "단계 종 자 기 남매 문항 호흡 박자 글 선 구".split()

# Begin like a counter with a particle, but are mostly words of their own.
HOMOGRAPHS = "살인 개인 시인 통과 시도 대만 대로 대인 병과 편도 편의".split()

# What 대 counts.
MACHINES = (
    "자동차 차 승용차 버스 택시 트럭 컴퓨터 노트북 비행기 자전거 오토바이 기계 카메라 냉장고 "
    "세탁기 에어컨 텔레비전 TV 피아노 기타 전화기 핸드폰 휴대폰 스마트폰 로봇 선풍기 청소기 "
    "복사기 프린터 차량 열차 기차 헬리콥터 엘리베이터"
).split()

# What 장 counts.
SHEETS = (
    "종이 사진 표 티켓 카드 그림 엽서 지폐 티셔츠 셔츠 우표 손수건 수건 김 앨범 포스터 편지지 "
    "색종이 휴지 마스크 입장권 영화표 기차표 옷 이불"
).split()

# What 권 counts.
BOOKS = (
    "책 소설 공책 잡지 만화책 만화 사전 교과서 노트 동화책 시집 그림책 문제집 소설책 일기장"
).split()

# What 편 counts.
WORKS = "영화 드라마 논문 소설 글 광고 동화 다큐멘터리 작품".split()

# Whom 분 counts.
GUESTS = (
    "손님 선생님 어른 어르신 할머니 할아버지 부모님 교수님 고객 직원 의사 신부님 수녀님"
).split()

# Before "so many times" (번).
OFTEN = (
    "하루에 하루에도 하루 주일에 주에 달에 월에 년에 해에 평생 평생에 매주 매일 매달 매년 총 "
    "모두 벌써 지금까지 이미 딱 겨우 최소 최대 적어도 다시"
).split()

# After "so many times", or how such a word begins.
DONE = (
    "정도 이상 더 씩 넘게 만에 연속 반복 읽 가봤 가본 갔 왔 봤 먹 했 하고 해 전화 만났 썼 들었 "
    "울 다녀 시도 물어 연습 말했 불렀 시켰 샀 탔 뛰 쉬 씻 마시 마셨 운동 이사 바꿨 넘어 실패 "
    "떨어 결혼 여행 죽"
).split()

# After "number so and so" (번).
NUMBERED = (
    "출구 버스 문제 홈 방 승강장 게이트 선수 타자 국도 채널 후보 환자 손님 고객 테이블 창구 "
    "좌석 교향곡 답 정답 보기 예문 질문 노선 마을버스 시내버스 주자 레인 항목 트랙 학생"
).split()

# After an age group (이십 대).
PEOPLE = (
    "여자 남자 여성 남성 초반 중반 후반 청년 젊은 부부 때 시절 회사원 직장인 대학생 인구 미혼 "
    "주부 엄마 아빠 이상 이하"
).split()

# After 대 that counts in order, or names a group.
GENERATIONS = "대통령 총리 임금 왕 회장 도시 명산 요소 원칙 기업 강국 뉴스 독자 가족".split()

# After 분 of time, or how such a word begins.
MINUTES = (
    "걸 동안 전 후 뒤 남 지나 지났 기다 늦 쉬 쉽 만에 정도 쯤 안에 이내 이상 거리 더 마다 일찍 "
    "자 걸어"
).split()

# Nouns and particles between a counter and the next space: after any syllable,
AFTER_ANY = (
    "째 씩 쯤 경 간 차 반 정각 정도 이상 이하 미만 초과 전 후 뒤 동안 중 때 짜리 어치 당 마다 "
    "가량 남짓 안 내 이내 밖 들 용 말 초 이후 이전 사이 분 께 께서 에 에서 에게 의 도 만 만에 "
    "만큼 하고 까지 부터 한테 보다 처럼 밖에 조차 마저 입니다 입니까 인 인데 인데요 일 인가요 "
    "인지 예요 이에요 에요 이예요 요 이요 였어요 였습니다 이니까 거든요 이거든요 네요 이네요 "
    "이나 나 날 요일 인가 인데도 인데다 인지라 일지 일지도 일까 일까요 이래요 이라는 이었는데 "
    "이었고 이었던 이거나 이네 이구나 이더라고요 이잖아요 잖아요 이라면 이라며 였는데 였고 였던"
).split()

# after a coda,
AFTER_CODA = (
    "이 은 을 과 으로 이랑 이라도 이라 이라서 이라고 이야 이서 이었어요 이었습니다 이다 이고 "
    "이며 이지만 이면 이죠 이지요 이군요 이던 이란 이든지 이어서 이어도"
).split()

# and after a vowel.
AFTER_VOWEL = (
    "가 는 를 와 로 랑 라도 라 라서 라고 야 서 다 고 며 지만 면 죠 지요 군요 던 란 든지 여서 "
    "여도 니까 라는 거나 네 구나 더라고요 라면 라며"
).split()
