"""What a password must be, and the form in which it is hashed and compared."""

import unicodedata

MIN_LENGTH = 10
MAX_LENGTH = 256
MIN_DIFFERENT_CHARACTERS = 5

# Passwords of ten characters and more from the public lists of leaked ones; shorter entries of
# those lists are already refused by their length.
_COMMON_TEXT = """
0123456789 0987654321 1029384756 1122334455 1234567890 12345678910 123456789a 123456789q
1234567891 123123123a 147258369a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc
987654321a a123456789 a1234567890 aa12345678 aa123456789 abc1234567 abc123456789 abcd123456
abcd1234567 abcdefg123 abcdefghij admin12345 admin123456 administrator baseball123
basketball butterfly1 changeme123 changeme1234 chocolate1 cinderella computer123 dragon1234
evangelion football12 football123 forever123 guanxi1234 hello12345 helloworld iloveyou12
iloveyou123 iloveyou1314 january2026 letmein123 letmein1234 liverpool1 manchester master1234
michael123 minecraft1 monkey1234 mustang123 password00 password01 password10 password11
password12 password123 password1234 password12345 password123456 passw0rd12 passw0rd123
p@ssw0rd12 p@ssw0rd123 p@ssword123 princess12 princess123 q123456789 q1w2e3r4t5 q1w2e3r4t5y6
qazwsxedc1 qazwsxedcrfv qq123456789 qwe1234567 qwer123456 qwerty1234 qwerty12345
qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 samsung123 sunshine12 sunshine123
superman12 superman123 spiderman1 starwars123 summer2025 summer2026 test123456 testtest12
trustno1234 unbelievable w123456789 welcome123 welcome1234 welcome2026 winter2025 winter2026
woaini1314 woaini520520 woaini5201314 z123456789 zaq12wsxcde zxcvbnm123 zxcvbnm1234
"""
COMMON = frozenset(_COMMON_TEXT.split())


def normalised(password: str) -> str:
    """NFKC (NIST SP 800-63B 3.1.1.2): the same keys on another keyboard give the same hash."""
    return unicodedata.normalize("NFKC", password)


def weaknesses(password: str, *, email: str) -> list[str]:
    """Sentences to show to the user; empty when the password is good enough."""
    plain = normalised(password).casefold()
    if len(plain) < MIN_LENGTH:
        return [f"Use at least {MIN_LENGTH} characters."]
    if len(plain) > MAX_LENGTH:
        return [f"Use at most {MAX_LENGTH} characters."]
    return [sentence for found, sentence in _content_checks(plain, email) if found]


def _content_checks(plain: str, email: str) -> list[tuple[bool, str]]:
    return [
        (_names_owner(plain, email), "Do not build the password from the e-mail address."),
        (plain in COMMON, "This password is on the list of the most common ones."),
        (len(set(plain)) < MIN_DIFFERENT_CHARACTERS, "Use more different characters."),
    ]


def _names_owner(plain: str, email: str) -> bool:
    """True when little but the address itself (or its local part) is left in the password."""
    address = email.strip().casefold()
    local = address.partition("@")[0]
    shortened = [plain.replace(part, "") for part in (address, local) if part]
    rest = min(shortened, key=len, default=plain)
    return rest != plain and len(rest) < MIN_LENGTH - 4
