from . import conv, recurrent

KINDS = {**conv.KINDS, **recurrent.KINDS}
